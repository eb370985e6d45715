/** Files that commands leave to harm those who read or fetch them: none is in a checkpoint, and none stops one. */
import { existsSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { walkPlain } from '../../src/sandbox/trees/plain-files.ts';
import { walkUpper } from '../../src/sandbox/trees/walk-upper.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import { git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const KINDS = [isolation, { ...isolation, overlay: false }, { kind: 'none' } as const];

async function run(workspace: Workspace, command: string): Promise<void> {
  const { exitCode, output } = await workspace.run({
    command,
    profile: 'workspace',
    network: false,
    timeoutMs: 60_000,
  });
  expect([exitCode, output]).toEqual([0, output]);
}

const DEEP = `
const fs = require('fs');
fs.mkdirSync('deep'); process.chdir('deep');
for (let level = 0; level < 40; level += 1) { fs.mkdirSync('d'.repeat(250)); process.chdir('d'.repeat(250)); }
fs.writeFileSync('bottom', 'x');`;

describe.each(KINDS)('with isolation $kind, overlay $overlay', (kind) => {
  test('names, links and settings that git refuses are left out and counted; those of the base stay', async () => {
    const odd = '[submodule "odd"]\n\tpath = "quoted"\n\turl = x\n';
    const { store, base } = await storeWith(temporaryFolder(), { '.gitmodules': odd, 'kept.txt': 'k\n' });
    const workspace = await temporaryWorkspaces(kind).open({ id: 'names', store, base, commit: base });
    await run(
      workspace,
      `
      mkdir -p "$(printf '.g\\342\\200\\214it')/hooks" '.git. ' sub/git~1 'a\\.git' && touch "$(printf '.g\\342\\200\\214it')/hooks/x" '.git. /x' sub/git~1/x 'a\\.git/x'
      ln -s .git a; ln -s ../.git/hooks sub/hooks; ln -s kept.txt fine
      mkdir -p inner; printf '[submodule "x"]\\n\\turl = --upload-pack=x\\n' > inner/.gitmodules; ln -s x inner/.mailmap
      mkdir -p "$(printf '.git\\377')" inner/.gitattributes late; touch "$(printf '.git\\377')/x" inner/.gitattributes/x
      printf '%02100d text\\n' 0 > late/.gitattributes
      touch .gitmodules; echo more >> kept.txt`,
    );
    const { commit, leftOut } = await workspace.checkpoint({ parent: base, message: () => 'step' });
    expect(git(store.dir, ['ls-tree', '-r', '--name-only', commit]).split('\n')).toEqual([
      '.gitmodules',
      'fine',
      'kept.txt',
    ]);
    expect(git(store.dir, ['show', `${commit}:.gitmodules`])).toBe(odd.trim());
    expect(leftOut).toMatchObject({ 'nested .git': 5, 'links into .git': 2, 'files of git that git refuses': 5 });
    expect(git(store.dir, ['fsck', '--strict', '--no-dangling', commit])).toBe('');
  });

  test('a file of the base with such a name can be deleted, and a new workspace is without it', async () => {
    const disguised = 'sub/.g\u200Cit/hooks';
    const { store, base } = await storeWith(temporaryFolder(), { [disguised]: 'x\n', 'kept.txt': 'k\n' });
    const workspaces = temporaryWorkspaces(kind);
    const workspace = await workspaces.open({ id: 'base', store, base, commit: base });
    await run(workspace, 'rm -r sub');
    const { commit } = await workspace.checkpoint({ parent: base, message: () => 'step' });
    expect(git(store.dir, ['ls-tree', '-r', '--name-only', commit])).toBe('kept.txt');
    const fresh = await workspaces.open({ id: 'fresh', store, base, commit });
    await run(fresh, 'test "$(ls)" = kept.txt');
  });

  test('folders too deep to be named are left out, and their workspace can be reset and removed', async () => {
    const { store, base } = await storeWith(temporaryFolder(), { 'kept.txt': 'k\n' });
    const workspaces = temporaryWorkspaces(kind);
    const workspace = await workspaces.open({ id: 'deep', store, base, commit: base });
    await run(workspace, `echo honest > honest.txt; node -e "${DEEP.replaceAll('\n', ' ')}"`);
    const { commit, leftOut } = await workspace.checkpoint({ parent: base, message: () => 'step' });
    expect(git(store.dir, ['ls-tree', '-r', '--name-only', commit]).split('\n')).toEqual(['honest.txt', 'kept.txt']);
    expect(leftOut).toMatchObject({ 'paths that are too long': 1 });
    const reset = await workspaces.open({ id: 'deep', store, base, commit: base });
    await run(reset, 'test ! -e honest.txt && test ! -e deep');
    await reset.close();
    await workspaces.remove('deep');
    expect(existsSync('deep')).toBe(false);
  });
});

describe.each(['upper', 'base'] as const)('a .gitignore of the %s layer', (layer) => {
  /** Forty new files with long names, and a `.gitignore` above them. */
  async function walkBelow(text: string): ReturnType<typeof walkUpper> {
    const folders = { base: temporaryFolder(), upper: temporaryFolder() };
    for (const folder of Object.values(folders)) mkdirSync(join(folder, 'a'));
    writeFileSync(join(folders[layer], 'a/.gitignore'), text);
    for (let n = 10; n < 50; n += 1) writeFileSync(join(folders.upper, `a/${n}${'y'.repeat(198)}`), '');
    const list = (path: string): Set<string> =>
      new Set(Object.values(folders).flatMap((folder) => readdirSync(join(folder, path))));
    return await walkUpper(folders, (paths) => Promise.resolve(new Map(paths.map((path) => [path, list(path)]))));
  }

  const tried: Record<string, { text: () => string; told: RegExp }> = {
    'with more lines than anybody writes': {
      text: () => '*x\n'.repeat(600_000),
      told: /a\/\.gitignore \(1800000 bytes\)/,
    },
    'that would fill memory': { text: () => 'x\n'.repeat(80_000_000), told: /a\/\.gitignore \(160000000 bytes\)/ },
    'with as many lines as are read': { text: () => '*x\n'.repeat(340_000), told: /too much to match/ },
    'whose lines take much': { text: () => `*${'[a-z]'.repeat(200)}x\n`.repeat(1000), told: /too much to match/ },
    'whose lines are sets': { text: () => `*[${'ab'.repeat(500)}]x\n`.repeat(1000), told: /too much to match/ },
  };
  test.each(Object.entries(tried))(
    '%s takes seconds, ignores nothing from there on, and the agent is told',
    async (_, each) => {
      const { changes, notes } = await walkBelow(each.text());
      expect(changes.filter(({ path }) => path.length > 200).length).toBe(40);
      expect(notes).toEqual([expect.stringMatching(each.told)]);
    },
  );

  test('as people write them is followed, without a note', async () => {
    const lines = Array.from({ length: 2000 }, (_, n) => `/build-${n}/\n*.x${n}\n`).join('');
    const { changes, leftOut, notes } = await walkBelow(`${lines}1*\n`);
    expect([changes.filter(({ path }) => path.length > 200).length, leftOut, notes]).toEqual([30, { ignored: 10 }, []]);
  });
});

test('files that are too large, alone or together, are left out, the largest first', async () => {
  const [base, upper] = [temporaryFolder(), temporaryFolder()];
  const sizes = { huge: 600, one: 500, two: 490, three: 480, small: 1 };
  for (const [name, mebibytes] of Object.entries(sizes)) {
    writeFileSync(join(upper, name), '');
    truncateSync(join(upper, name), mebibytes * 1024 ** 2);
  }
  const { changes, leftOut } = await walkPlain({ base, upper }, new Map());
  expect(changes.map(({ path }) => path.toString()).toSorted()).toEqual(['small', 'three', 'two']);
  expect(leftOut).toEqual({ 'files over 512 MiB': 1, 'files beyond 1 GiB in all': 1 });
});
