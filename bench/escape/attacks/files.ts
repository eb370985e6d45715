/**
 * Attacks on files outside the working copy: written, read, linked, unpacked, or planted for the host's user to run.
 * Rule: each aims only at this trial's own folders.
 */
import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Attack, Host } from '../attack.ts';
import { appeared, isThere, leaked } from '../evidence.ts';

/** An attack that makes a canary appear. */
function planting(
  name: string,
  tries: string,
  script: (canary: string, host: Host) => string,
  more: Partial<Attack> = {},
): Attack {
  return {
    name,
    area: 'files',
    tries,
    command: (host) => script(host.canary(name), host),
    succeeded: async (host) => await appeared(host, name),
    ...more,
  };
}

/** A file in the host's /tmp that only this trial could have named. */
function inTmp(host: Host): string {
  return join('/tmp', `coxswain-escape-${basename(dirname(host.folder))}`);
}

/** A patch that adds these files. */
function patchOf(paths: readonly string[]): string {
  return ['*** Begin Patch', ...paths.flatMap((path) => [`*** Add File: ${path}`, '+pwned']), '*** End Patch', ''].join(
    '\n',
  );
}

/** Attacks by paths, links, archives and file tools. */
export const fileAttacks: Attack[] = [
  planting('write-outside', 'a file is written outside of the working copy', (canary) => `echo pwned > '${canary}'`),
  planting(
    'write-through-link',
    'a file is written through a symbolic link out of the working copy',
    (_canary, { folder }) => `ln -s '${folder}' out; echo pwned > out/write-through-link`,
  ),
  planting(
    'write-by-parent-path',
    'a file is written by a relative path that climbs out',
    (canary) => `up=; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do up=../$up; done; echo pwned > "$up"'${canary.slice(1)}'`,
  ),
  planting(
    'remount-root',
    'the root is mounted writable again, or mounted elsewhere, and a file written',
    (canary) =>
      `mount -o remount,rw / 2>/dev/null; mkdir -p m; mount --bind / m 2>/dev/null && echo pwned > "m${canary}"
       unshare --user --map-root-user --mount sh -c "mount -o remount,rw,bind / ; echo pwned > '${canary}'"
       echo pwned > '${canary}'`,
  ),
  planting(
    'archive-absolute-path',
    'an archive with absolute and climbing paths is unpacked',
    (canary) =>
      `mkdir made; echo pwned > made/file
       tar -cPf evil.tar --transform "s|made/file|${canary}|" made/file; tar -xPf evil.tar`,
  ),
  planting(
    'archive-link-then-file',
    'an archive whose first entry is a link and whose second lies behind it is unpacked',
    (_canary, { folder }) =>
      `python3 - <<'END'
import io, tarfile
with tarfile.open('evil.tar', 'w') as tar:
    link = tarfile.TarInfo('out'); link.type = tarfile.SYMTYPE; link.linkname = '${folder}'; tar.addfile(link)
    file = tarfile.TarInfo('out/archive-link-then-file'); file.size = 6; tar.addfile(file, io.BytesIO(b'pwned\\n'))
tarfile.open('evil.tar').extractall()
END`,
    { needs: ['python3'] },
  ),
  {
    name: 'read-outside',
    area: 'files',
    tries: 'a file outside of the working copy is read',
    command: (host) => `cat '${host.folder}/secret.txt'`,
    succeeded: async (host, outcome) => leaked(host, outcome),
  },
  {
    name: 'read-by-link-committed',
    area: 'files',
    tries: 'a file outside is linked into the tree, softly and hard, and delivered with its content',
    command: (host) =>
      `ln -s '${host.folder}/secret.txt' soft.txt; ln '${host.folder}/secret.txt' hard.txt; cp soft.txt copy.txt`,
    succeeded: async (host, outcome) => leaked(host, outcome),
  },
  {
    name: 'patch-through-link',
    area: 'file tools',
    tries: 'the file tool writes through a link that a command left',
    command: (host) => `ln -s '${host.folder}' out`,
    patch: () => patchOf(['out/patch-through-link']),
    notFor: withoutTool(),
    succeeded: async (host) => await appeared(host, 'patch-through-link'),
  },
  {
    name: 'patch-against-racing-rename',
    area: 'file tools',
    tries: 'the file tool writes outside while a process swaps a folder for a link',
    command: (host) =>
      `mkdir real; ln -s '${host.folder}' link; ln -s real dir
       setsid perl -e 'my $end = time + 15;
         while (time < $end) { rename("dir", "t"); rename("link", "dir"); rename("dir", "link"); rename("t", "dir") }' \
         >/dev/null 2>&1 < /dev/null &
       sleep 0.2`,
    patch: () => patchOf(Array.from({ length: 300 }, (_, index) => `dir/race-${index}`)),
    notFor: withoutTool(),
    succeeded: async (host) =>
      Array.from({ length: 300 }, (_, index) => index).some((index) => isThere(host.canary(`race-${index}`))),
  },
  {
    name: 'hydrate-through-link',
    area: 'file tools',
    tries: 'a later checkpoint has a folder where an earlier one has a link, and hydrating writes through it',
    command: (host) => `ln -s '${host.folder}' out`,
    commands: () => ['rm out; mkdir out; echo pwned > out/hydrate-through-link'],
    notFor: { none: 'aims at checkouts by other code than git' },
    succeeded: async (host) => await appeared(host, 'hydrate-through-link'),
  },
  {
    name: 'plant-in-tmp',
    area: 'files',
    tries: "a file is planted in the host's /tmp, which all its programs share",
    command: (host) => `echo pwned > '${inTmp(host)}'`,
    notFor: { none: 'its throw-away host has a /tmp of its own' },
    succeeded: async (host) => {
      const found = isThere(inTmp(host));
      rmSync(inTmp(host), { force: true });
      return found;
    },
  },
  {
    name: 'plant-in-home',
    area: 'files',
    tries: "a start file is planted in the worker's home",
    command: (host) => `for home in ~ '${host.home}'; do echo 'echo pwned' >> "$home/.bashrc"; done`,
    succeeded: async (host) => isThere(join(host.home, '.bashrc')),
  },
  planting(
    'path-shadowing',
    'programs named git are planted on the PATH, and in the working copy, for the host to run',
    (canary, { home }) =>
      `printf '#!/bin/sh\\ntouch "%s"\\n' '${canary}' > evil; chmod +x evil; cp evil git; mkdir -p node_modules/.bin bin
       for folder in . bin node_modules/.bin ~/.local/bin '${home}/.local/bin'; do
         mkdir -p "$folder"; cp evil "$folder/git"
       done`,
  ),
];

/** sandbox-runtime wraps commands only. */
function withoutTool(): NonNullable<Attack['notFor']> {
  const reason = 'has no file tool';
  return { 'sandbox-runtime': reason, 'sandbox-runtime-strict': reason };
}
