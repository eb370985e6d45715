/** Stores: made once, independent of the environment, and swept of leftovers of killed calls. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import { readConfig } from '../../src/config.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import { ensureCommit } from '../../src/git/remote/fetch-commit.ts';
import { moveRef } from '../../src/git/remote/move-ref.ts';
import { readRef } from '../../src/git/remote/read-ref.ts';
import { openStore } from '../../src/git/store.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import {
  addCommit,
  git,
  leftOvers,
  newRepository,
  newStore,
  refNames,
  spawnScript,
  temporaryFolder,
} from './git-host.ts';

const OPEN = `
  const [module, dir] = process.argv.slice(1);
  const { openStore } = await import(module);
  await Promise.all([openStore({ dir }), openStore({ dir })]);`;
const MODULE = new URL('../../src/git/store.ts', import.meta.url).href;

test('six processes that open one store at once make one store, and nothing else', async () => {
  const folder = temporaryFolder();
  const dir = join(folder, 'deep/er/store.git');
  const openers = Array.from({ length: 6 }, () => spawnScript(OPEN, [MODULE, dir]));
  const codes = await Promise.all(openers.map(async (opener) => (await once(opener, 'exit'))[0]));
  expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
  expect(readdirSync(dirname(dir))).toEqual(['store.git']);
  const closed = [dir, dirname(dir), dirname(dirname(dir))].map((path) => statSync(path).mode & 0o777);
  expect(closed).toEqual([0o700, 0o700, 0o700]);
  const settings = ['gc.auto', 'maintenance.auto', 'extensions.preciousObjects', 'uploadpack.allowFilter', 'core.bare'];
  expect(settings.map((name) => git(dir, ['config', name]))).toEqual(['0', 'false', 'true', 'true', 'true']);
  expect(git(dir, ['fsck', '--strict'])).toBe('');
  expect(existsSync(join(dir, 'hooks'))).toBe(false);
});

test('a store that exists is opened as it is', async () => {
  const store = await newStore();
  const commit = addCommit(store, { file: '1' });
  await moveRef(store, { ref: 'refs/coxswain/x', to: commit, from: null });
  const again = await openStore({ dir: store.dir });
  expect(await readRef(again, 'refs/coxswain/x')).toBe(commit);
});

test('a place where no store can be made is a failure that says so', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  await expect(openStore({ dir: join(folder, 'file/store.git') })).rejects.toMatchObject({
    name: 'GitFailure',
    kind: 'read-only',
    message: expect.stringContaining(`the store at ${folder}/file/store.git can't be made: `),
  });
  for (const place of ['/sys', '/proc', '/dev/null']) {
    await expect(openStore({ dir: `${place}/coxswain/store.git` })).rejects.toMatchObject({ kind: 'read-only' });
  }
});

test('leftovers of killed calls are swept after a day, when a process opens the store; young ones stay', async () => {
  const store = await newStore();
  const make = (name: string, age: 'young' | 'old'): void => {
    const path = join(store.dir, name);
    if (name.endsWith('/')) mkdirSync(path);
    else writeFileSync(path, 'left over');
    const time = Date.now() / 1000 - (age === 'old' ? 25 * 3600 : 3600);
    utimesSync(path, time, time);
  };
  make('fast_import_crash_1', 'old');
  make('fast_import_crash_2', 'young');
  make('objects/tmp_objdir-incoming-abc/', 'old');
  make('objects/tmp_objdir-incoming-def/', 'young');
  make('objects/tmp_obj_abc', 'old');
  make('objects/tmp_obj_def', 'young');
  make('objects/pack/tmp_pack_abc', 'old');
  make('objects/pack/tmp_pack_def', 'young');
  make('../store.git.new-abcdef/', 'old');
  make('../other.git.new-abcdef/', 'old');
  const [code] = await once(spawnScript(OPEN, [MODULE, store.dir]), 'exit');
  expect(code).toBe(0);
  expect(leftOvers(store).toSorted()).toEqual([
    'fast_import_crash_2',
    'objects/pack/tmp_pack_def',
    'objects/tmp_obj_def',
    'objects/tmp_objdir-incoming-def',
  ]);
  expect(readdirSync(dirname(store.dir)).toSorted()).toEqual(['other.git.new-abcdef', 'store.git']);
});

test('variables of the environment that name another repository, index or configuration change nothing', async () => {
  const other = newRepository();
  const variables = {
    GIT_DIR: join(other, '.git'),
    GIT_WORK_TREE: other,
    GIT_INDEX_FILE: join(other, '.git/index'),
    GIT_OBJECT_DIRECTORY: join(other, '.git/objects'),
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'core.bare',
    GIT_CONFIG_VALUE_0: 'nonsense',
    GIT_AUTHOR_NAME: 'Somebody',
  };
  const before = { ...process.env };
  Object.assign(process.env, variables);
  onTestFinished(() => {
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, before);
  });
  const dir = join(temporaryFolder(), 'store.git');
  const store = await openStore({ dir });
  const tree = git(store.dir, ['hash-object', '-t', 'tree', '-w', '--stdin']) as Sha;
  const commit = await commitTree(store, { tree, parents: [], message: 'm' });
  await moveRef(store, { ref: 'refs/coxswain/x', to: commit, from: null });
  expect(git(dir, ['log', '--format=%an <%ae> %s', 'refs/coxswain/x'])).toBe('Coxswain <coxswain@localhost> m');
  expect(refNames(other)).toEqual(['refs/heads/main']);
});

test('for a broken store, git never uses the repository around it', async () => {
  const repository = newRepository();
  const store = await openStore({ dir: join(repository, '.coxswain/store.git') });
  const commit = addCommit(store, { file: '1' });
  rmSync(join(store.dir, 'HEAD'));
  await expect(moveRef(store, { ref: 'refs/heads/main', to: commit, from: null })).rejects.toMatchObject({
    kind: 'not-a-repository',
  });
  await expect(readRef(store, 'refs/heads/main')).rejects.toMatchObject({ kind: 'not-a-repository' });
});

test('a commit that does not exist is a missing base, and has no tree', async () => {
  const store = await newStore();
  const nowhere = '1'.repeat(40) as Sha;
  await expect(ensureCommit(store, { commit: nowhere })).rejects.toMatchObject({
    kind: 'missing-base',
    message: `commit ${nowhere} is not in the hub at ${store.dir}: push it there first`,
  });
  await expect(treeOf(store, nowhere)).rejects.toMatchObject({ name: 'GitFailure' });
});

test('a person can be the author, and the message may be any text', async () => {
  const store = await newStore();
  const parent = addCommit(store, { file: '1' });
  const author = { name: 'Åsa', email: 'asa@example.org', date: '2026-02-03T04:05:06Z' };
  const message = '-F /etc/passwd\n\n--amend\n';
  const commit = await commitTree(store, {
    tree: await treeOf(store, parent),
    parents: [parent, parent],
    message,
    author,
  });
  expect(git(store.dir, ['log', '-1', '--date=iso-strict', '--format=%an <%ae> %ad by %cn%n%B', commit])).toBe(
    `Åsa <asa@example.org> 2026-02-03T04:05:06+00:00 by Coxswain\n${message.trimEnd()}`,
  );
});

test.each([
  ['by its own files', 'Ann'],
  // Git takes the dot away, so git has to do it.
  ['by git', 'Ann.'],
])('a configured name is on commits, and people keep theirs: %s', async (_, name) => {
  const committer = readConfig({ COXSWAIN_COMMITTER: 'Robots (night) <robots@example.com>' }, '/').committer!;
  const store = { ...(await newStore()), committer };
  const tree = await treeOf(store, addCommit(store, { file: '1' }));
  const draw = (commit: Sha): string => git(store.dir, ['log', '-1', '--format=%an <%ae> by %cn <%ce>', commit]);
  const robots = 'Robots (night) <robots@example.com>';
  expect(draw(await commitTree(store, { tree, parents: [], message: 'm' }))).toBe(`${robots} by ${robots}`);
  const author = { name, email: 'ann@example.com' };
  expect(draw(await commitTree(store, { tree, parents: [], message: 'm', author }))).toBe(
    `Ann <ann@example.com> by ${robots}`,
  );
});

test.each([
  'Robots',
  'robots@example.com',
  'Robots <robots>',
  ' <r@example.com>',
  'R <a@b> <c@d>',
  'R. <r@example.com>',
])('a committer of %j is refused, with an example', (text) => {
  expect(() => readConfig({ COXSWAIN_COMMITTER: text }, '/')).toThrow(
    'COXSWAIN_COMMITTER: must be such as "Robots <robots@example.com>"',
  );
});

test('hooks of a store never run', async () => {
  const store = await newStore();
  mkdirSync(join(store.dir, 'hooks'));
  const mark = join(store.dir, 'ran');
  for (const name of ['reference-transaction', 'update', 'post-update', 'pre-push']) {
    writeFileSync(join(store.dir, 'hooks', name), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
  }
  await moveRef(store, { ref: 'refs/coxswain/x', to: addCommit(store, { file: '1' }), from: null });
  expect(existsSync(mark)).toBe(false);
  // The same hook does run for a person.
  spawnSync('git', ['update-ref', 'refs/coxswain/y', 'refs/coxswain/x'], { cwd: store.dir });
  expect(existsSync(mark)).toBe(true);
});
