/** Workspaces on hosts without overlays: what differs from overlays, and that the same promises hold. */
import { expect, test } from 'vitest';
import type { CommandRequest } from '../../src/sandbox/command/request.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import { addCommit, git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = { ...(await realIsolation()), overlay: false };
const limits = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;

async function output(workspace: Workspace, command: string, more: Partial<CommandRequest> = {}): Promise<string> {
  return (await workspace.run({ ...limits, command, ...more })).output;
}

const FILES = { 'a/x': '1\n', 'a/s/y': '2\n', 'b/x': '3\n', 'b/s/y': '4\n', same: 'old\n', kept: 'k\n' };

test('untouched files are not read again, at the base and at another commit, and all changes are found', async () => {
  const folder = temporaryFolder();
  const { store, base } = await storeWith(folder, FILES);
  const commit = addCommit(folder, store, { ...FILES, kept: 'other\n', 'c/new': 'n\n' });
  const workspaces = temporaryWorkspaces(isolation);
  for (const [at, differs] of [
    [base, 0],
    [commit, 2],
  ] as const) {
    const workspace = await workspaces.open({ id: at, store, base, commit: at });
    const untouched = await workspace.checkpoint({ parent: at, message: () => 'none' });
    expect([untouched.changed, untouched.tree]).toEqual([differs, git(store.dir, ['rev-parse', `${at}^{tree}`])]);
    await output(workspace, 'touch -r same /tmp/time; echo new > same; touch -r /tmp/time same');
    expect((await workspace.checkpoint({ parent: at, message: () => 'one' })).changed).toBe(differs + 1);
    await output(workspace, 'mv a t; mv b a; mv t b');
    const swapped = await workspace.checkpoint({ parent: at, message: () => 'swap' });
    const show = (path: string): string => git(store.dir, ['show', `${swapped.commit}:${path}`]);
    expect(['a/x', 'a/s/y', 'b/x', 'b/s/y', 'same'].map(show)).toEqual(['3', '4', '1', '2', 'new']);
  }
});

test('folders of the base can be renamed in all ways', async () => {
  const { store, base } = await storeWith(temporaryFolder(), FILES);
  const workspace = await temporaryWorkspaces(isolation).open({ id: 'agent', store, base, commit: base });
  const node = `"$COXSWAIN_TOOLS/node" -e "require('fs').renameSync('moved', 'again')"`;
  expect(await output(workspace, `git mv a moved && ${node} && ls again && git status --porcelain`)).toMatch(/^s\nx\n/);
  const { commit } = await workspace.checkpoint({ parent: base, message: () => 'moved' });
  expect(git(store.dir, ['ls-tree', '-r', '--name-only', commit, 'again/'])).toBe('again/s/y\nagain/x');
});

test('a setup is run once, its files are in every workspace and in no checkpoint, however it is hydrated', async () => {
  const folder = temporaryFolder();
  const { store, base } = await storeWith(folder, { ...FILES, '.gitignore': 'deps\n' });
  const commit = addCommit(folder, store, { ...FILES, '.gitignore': 'deps\n', made: 'by the commit\n', 'a/n': '5\n' });
  const workspaces = temporaryWorkspaces(isolation);
  const command = 'mkdir deps a/z && head -c 16 /dev/urandom | od -An -tx1 | tee deps/random made a/z/made';
  const setup = { command, network: false };
  const one = await workspaces.open({ id: 'one', store, base, commit: base, setup });
  const two = await workspaces.open({ id: 'two', store, base, commit, setup });
  const [first, second] = [await output(one, 'cat deps/random made'), await output(two, 'cat deps/random made')];
  expect(second).toBe(`${first.split('\n')[0]}\nby the commit\n`);
  expect((await one.checkpoint({ parent: base, message: () => 'one' })).tree).toBe(
    git(store.dir, ['rev-parse', `${base}^{tree}`]),
  );
  expect((await two.checkpoint({ parent: commit, message: () => 'two' })).tree).toBe(
    git(store.dir, ['rev-parse', `${commit}^{tree}`]),
  );
  await output(one, 'echo changed > made');
  const made = await one.checkpoint({ parent: base, message: () => 'own' });
  expect(git(store.dir, ['diff', '--name-only', base, made.commit])).toBe('made');
  const gone = { command: 'rm kept', network: false };
  expect(await workspaces.prepareSetup({ store, base, setup: gone })).toEqual({
    kind: 'changed-tracked',
    paths: ['kept'],
  });
});

test('a read-only command can change nothing', async () => {
  const { store, base } = await storeWith(temporaryFolder(), FILES);
  const workspace = await temporaryWorkspaces(isolation).open({ id: 'agent', store, base, commit: base });
  const look = 'cat kept; echo x > new; echo x > kept; rm same; git log --format=%s';
  expect(await output(workspace, look, { profile: 'read-only' })).toMatch(
    /^k\n(?:.*Read-only file system\n){3}base\n$/,
  );
});
