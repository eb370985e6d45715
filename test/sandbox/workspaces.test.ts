/** Workspaces: when files are used again, what a crash leaves, setup layers and checks, for all kinds of isolation. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import type { Store } from '../../src/git/store.ts';
import type { CommandRequest } from '../../src/sandbox/command/request.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import { addCommit, git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const limits = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;

async function output(workspace: Workspace, command: string, more: Partial<CommandRequest> = {}): Promise<string> {
  return (await workspace.run({ ...limits, command, ...more })).output;
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('waited 30 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const show = (store: Store, commit: Sha, path: string): string => git(store.dir, ['show', `${commit}:${path}`]);

const KINDS = [isolation, { ...isolation, overlay: false }, { kind: 'none' } as const];

describe.each(KINDS)('with isolation $kind, overlay $overlay', (kind) => {
  test('a checkpoint has the changes, its message gets the facts, and the next checkpoint starts there', async () => {
    const { store, base } = await storeWith(temporaryFolder(), { kept: 'k\n', gone: 'g\n', '.gitignore': 'ignored\n' });
    const workspace = await temporaryWorkspaces(kind).open({ id: 'a/b c', store, base, commit: base });
    await output(workspace, 'rm gone; echo new > new; echo x > ignored');
    const first = await workspace.checkpoint({
      parent: base,
      message: ({ leftOut }) => `step\n\n${JSON.stringify(leftOut)}\n`,
    });
    expect(git(store.dir, ['ls-tree', '--name-only', first.commit]).split('\n')).toEqual(['.gitignore', 'kept', 'new']);
    expect(git(store.dir, ['log', '--format=%s %P', '-1', first.commit])).toBe(`step ${base}`);
    await output(workspace, 'rm new; echo 2 >> kept');
    const second = await workspace.checkpoint({ parent: first.commit, message: () => 'two' });
    expect(git(store.dir, ['ls-tree', '--name-only', second.commit]).split('\n')).toEqual(['.gitignore', 'kept']);
    expect(show(store, second.commit, 'kept')).toBe('k\n2');
  });

  test('files are used again after a checkpoint, ignored ones too, and reset after a command without one', async () => {
    const { store, base } = await storeWith(temporaryFolder(), { kept: 'k\n', '.gitignore': 'cache\n' });
    const workspaces = temporaryWorkspaces(kind);
    const origin = { id: 'agent', store, base };
    const first = await workspaces.open({ ...origin, commit: base });
    await output(first, 'echo 1 > file; echo built > cache');
    const { commit } = await first.checkpoint({ parent: base, message: () => 'one' });
    const again = await workspaces.open({ ...origin, commit });
    expect(await output(again, 'cat file cache', { profile: 'read-only' })).toBe('1\nbuilt\n');
    await output(again, 'echo dirt > file');
    const reset = await workspaces.open({ ...origin, commit });
    expect(await output(reset, 'cat file; ls')).toBe('1\nfile\nkept\n');
    await expect(again.run({ ...limits, command: 'true' })).rejects.toMatchObject({
      name: 'SandboxError',
      kind: 'superseded',
    });
    const rewound = await workspaces.open({ ...origin, commit: base });
    expect(await output(rewound, 'ls')).toBe('kept\n');
  });

  test('a commit of the same tree needs no reset, and another one gets its own files', async () => {
    const folder = temporaryFolder();
    const { store, base } = await storeWith(folder, { 'a/x': '1\n', 'b/y': '2\n', link: { link: 'a/x' }, z: '3\n' });
    const workspaces = temporaryWorkspaces(kind);
    const first = await workspaces.open({ id: 'agent', store, base, commit: base });
    await output(first, 'echo 1 > mark');
    const { commit, tree } = await first.checkpoint({ parent: base, message: () => 'act' });
    const think = git(store.dir, ['commit-tree', '-m', 'think', '-p', commit, tree]) as Sha;
    const inode = 'stat -c %i mark';
    const before = await output(first, inode, { profile: 'read-only' });
    const same = await workspaces.open({ id: 'agent', store, base, commit: think });
    expect(await output(same, inode, { profile: 'read-only' })).toBe(before);
    const other = addCommit(folder, store, {
      a: 'now a file\n',
      'z/deep/er': 'now a folder\n',
      link: { link: 'a' },
      c: { program: '#!/bin/sh\n' },
    });
    const moved = await workspaces.open({ id: 'agent', store, base, commit: other });
    expect(
      await output(moved, 'rm -rf .git; find . -mindepth 1 | LC_ALL=C sort; cat a link; [ -x c ] && echo runs'),
    ).toBe('./a\n./c\n./link\n./z\n./z/deep\n./z/deep/er\nnow a file\nnow a file\nruns\n');
    const nothing = await moved.checkpoint({ parent: other, message: () => 'nothing' });
    expect(nothing.tree).toBe(git(store.dir, ['rev-parse', `${other}^{tree}`]));
  });

  test('workspaces do not see each other, are listed by their ids, and are gone when removed', async () => {
    const { store, base } = await storeWith(temporaryFolder(), { file: '1\n' });
    const stateDir = temporaryFolder();
    const workspaces = temporaryWorkspaces(kind, stateDir);
    const [one, two] = await Promise.all(
      ['x/1', 'x-1'].map(async (id) => await workspaces.open({ id, store, base, commit: base })),
    );
    if (!one || !two) throw new Error('not opened');
    await output(one, 'echo changed > file');
    expect(await output(two, 'cat file')).toBe('1\n');
    expect((await workspaces.list()).sort()).toEqual(['x-1', 'x/1']);
    await workspaces.remove('x/1');
    expect(await workspaces.list()).toEqual(['x-1']);
    expect(readdirSync(join(stateDir, 'workspaces'))).toHaveLength(1);
  });

  test('setup runs before the first command, and its failure is reported with its output', async () => {
    const { store, base } = await storeWith(temporaryFolder(), { file: '1\n', '.gitignore': 'deps\n' });
    const workspaces = temporaryWorkspaces(kind);
    const setup = { command: 'mkdir deps && echo installed > deps/one', network: false };
    expect(await workspaces.prepareSetup({ store, base, setup })).toMatchObject({ kind: 'ready' });
    const workspace = await workspaces.open({ id: 'agent', store, base, commit: base, setup });
    expect(await output(workspace, 'cat deps/one; echo own >> deps/one; cat deps/one')).toBe(
      'installed\ninstalled\nown\n',
    );
    expect((await workspace.checkpoint({ parent: base, message: () => 'none' })).tree).toBe(
      git(store.dir, ['rev-parse', `${base}^{tree}`]),
    );
    const broken = { command: 'echo no such package; exit 3', network: false };
    expect(await workspaces.prepareSetup({ store, base, setup: broken })).toEqual({
      kind: 'failed',
      exitCode: 3,
      output: 'no such package\n',
    });
    await expect(workspaces.open({ id: 'other', store, base, commit: base, setup: broken })).rejects.toMatchObject({
      kind: 'setup',
    });
    const tracked = { command: 'echo changed > file', network: false };
    expect(await workspaces.prepareSetup({ store, base, setup: tracked })).toEqual({
      kind: 'changed-tracked',
      paths: ['file'],
    });
  });

  test('checks judge exactly one commit, one after another, and leave nothing', async () => {
    const folder = temporaryFolder();
    const { store, base } = await storeWith(folder, { file: '1\n', old: 'o\n' });
    const commit = addCommit(folder, store, { file: '2\n' });
    const stateDir = temporaryFolder();
    const workspaces = temporaryWorkspaces(kind, stateDir);
    const setup = { command: 'echo prepared > deps', network: false };
    const checks = ['cat file deps; ls; echo left > behind', 'cat behind; exit 4'];
    const results = await workspaces.runChecks({ store, base, commit, setup, checks, timeoutMs: 60_000 });
    expect(results).toMatchObject([
      { command: checks[0], exitCode: 0, output: '2\nprepared\ndeps\nfile\n' },
      { command: checks[1], exitCode: 4, output: 'left\n' },
    ]);
    expect(readdirSync(join(stateDir, 'checks'))).toEqual([]);
    const cancel = AbortSignal.timeout(300);
    const cut = await workspaces.runChecks({
      store,
      base,
      commit,
      checks: ['sleep 600', 'true'],
      timeoutMs: 60_000,
      signal: cancel,
    });
    expect(cut.map(({ outcome }) => outcome)).toEqual(['cancelled']);
  });
});

test('paths that a checkpoint leaves out are counted by reason', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { file: '1\n', '.gitignore': '*.o\nnode_modules\n' });
  const workspace = await temporaryWorkspaces(isolation).open({ id: 'agent', store, base, commit: base });
  await output(
    workspace,
    'mkdir -p node_modules/a sub/.git empty; touch node_modules/a/b x.o sub/.git/config sub/in; ' +
      'mkfifo pipe; chmod 0 sub/in; chmod 0 .',
  );
  const { leftOut, commit } = await workspace.checkpoint({ parent: base, message: () => 'step' });
  expect(leftOut).toEqual({ ignored: 2, 'nested .git': 1, 'special files': 1, 'empty folders': 1 });
  expect(git(store.dir, ['ls-tree', '-r', '--name-only', commit]).split('\n')).toEqual([
    '.gitignore',
    'file',
    'sub/in',
  ]);
});

test('callers that need the same setup share one run, and workspaces share its layer', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { file: '1\n', '.gitignore': 'deps\n' });
  const stateDir = temporaryFolder();
  const workspaces = temporaryWorkspaces(isolation, stateDir);
  const setup = { command: 'mkdir deps && head -c 16 /dev/urandom | od -An -tx1 > deps/random', network: false };
  const opened = await Promise.all(
    ['1', '2', '3'].map(async (id) => await workspaces.open({ id, store, base, commit: base, setup })),
  );
  const seen = await Promise.all(
    opened.map(async (workspace) => await output(workspace, 'cat deps/random; rm -rf deps')),
  );
  expect(new Set(seen).size).toBe(1);
  expect(readdirSync(join(stateDir, 'setups'))).toHaveLength(1);
  expect(readdirSync(join(stateDir, 'bases'))).toHaveLength(1);
  const later = temporaryWorkspaces(isolation, stateDir);
  const workspace = await later.open({ id: '4', store, base, commit: base, setup });
  expect(await output(workspace, 'cat deps/random')).toBe(seen[0]);
  await workspace.checkpoint({ parent: base, message: () => 'ignored only' });
});

test('kill -9 of a worker mid-command leaves no survivor, and its workspace is reset', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { file: '1\n' });
  const stateDir = temporaryFolder();
  const script = fileURLToPath(new URL('./killed-worker.ts', import.meta.url));
  const worker = spawn(process.execPath, [script, isolation.path, stateDir, store.dir, base], { stdio: 'inherit' });
  onTestFinished(() => void worker.kill('SIGKILL'));
  const parent = join(stateDir, 'workspaces');
  const find = (): string | undefined => {
    if (!existsSync(parent)) return undefined;
    const files = readdirSync(parent, { recursive: true, encoding: 'utf8' });
    return files.find((name) => name.endsWith('/beats'));
  };
  await until(() => find() !== undefined);
  const beats = join(parent, find() ?? '');
  worker.kill('SIGKILL');
  await new Promise((resolve) => worker.on('exit', resolve));
  // A survivor would beat for ever; one that is being killed has a moment. A beat takes a tenth of this.
  for (let before = -1; statSync(beats).size !== before; ) {
    before = statSync(beats).size;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const workspace = await temporaryWorkspaces(isolation, stateDir).open({ id: 'agent', store, base, commit: base });
  expect(await output(workspace, 'ls')).toBe('file\n');
  expect(readdirSync(parent)).toHaveLength(1);
});

test('a frozen worker keeps its folder, and another one gets a second folder', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { file: '1\n' });
  const stateDir = temporaryFolder();
  const script = fileURLToPath(new URL('./killed-worker.ts', import.meta.url));
  const worker = spawn(process.execPath, [script, isolation.path, stateDir, store.dir, base], { stdio: 'inherit' });
  onTestFinished(() => void worker.kill('SIGKILL'));
  const parent = join(stateDir, 'workspaces');
  await until(
    () =>
      existsSync(parent) &&
      readdirSync(parent, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('/beats')),
  );
  worker.kill('SIGSTOP');
  const workspace = await temporaryWorkspaces(isolation, stateDir).open({ id: 'agent', store, base, commit: base });
  expect(await output(workspace, 'ls; echo mine > mine')).toBe('file\n');
  expect(readdirSync(parent)).toHaveLength(2);
  expect(readFileSync(join(parent, readdirSync(parent).sort()[1] ?? '', 'state.json'), 'utf8')).toContain(
    '"id":"agent"',
  );
});

test('the mount that is held after a command goes soon, and the files written through it stay', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { kept: 'k\n' });
  const workspace = await temporaryWorkspaces(isolation).open({ id: 'mounted', store, base, commit: base });
  for (let count = 0; count < 10; count += 1) await output(workspace, `echo ${count} >> kept`);
  await until(() => !readdirSync('/proc/self/fd').some((fd) => isMountNamespace(`/proc/self/fd/${fd}`)));
  const { commit } = await workspace.checkpoint({ parent: base, message: () => 'all' });
  expect(show(store, commit, 'kept')).toBe(['k', ...Array(10).keys()].join('\n'));
});

function isMountNamespace(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('mnt:');
  } catch {
    return false;
  }
}

test('opening a workspace again ends the command of its former caller', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { file: '1\n' });
  const workspaces = temporaryWorkspaces(isolation);
  const first = await workspaces.open({ id: 'agent', store, base, commit: base });
  const running = first.run({ ...limits, command: 'echo dirt > file; sleep 600' });
  running.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const second = await workspaces.open({ id: 'agent', store, base, commit: base });
  expect(await running).toMatchObject({ outcome: 'cancelled' });
  expect(await output(second, 'cat file')).toBe('1\n');
});
