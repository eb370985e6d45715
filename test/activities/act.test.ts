/** What an act stores, and what it tells the model, when its checkpoint can't have all that the command wrote. */
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { createAct } from '../../src/activities/agent/act.ts';
import type { ActivityContext } from '../../src/activities/attempt/context.ts';
import { digestText } from '../../src/core/digest.ts';
import type { ActInput, ActOutcome } from '../../src/core/agent/step.ts';
import type { Item, Sha } from '../../src/core/transcript.ts';
import { formatCheckpointMessage } from '../../src/core/transcript.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import { moveRef } from '../../src/git/remote/move-ref.ts';
import { readLink } from '../../src/git/read/read-chain.ts';
import { refSlug } from '../../src/git/ref-name.ts';
import type { Store } from '../../src/git/store.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import type { Limits } from '../../src/sandbox/limits.ts';
import type { Workspaces } from '../../src/sandbox/workspace/workspaces.ts';
import { git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from '../sandbox/sandbox-host.ts';

const isolation = await realIsolation();
const execution = { workflowId: 'agent', runId: 'run' };
const ref = `refs/coxswain/agents/${refSlug(execution.workflowId)}/${execution.runId}`;

/** The same workspaces, with other limits for their commands. */
function limited(workspaces: Workspaces, limits: Partial<Limits>): Workspaces {
  return {
    ...workspaces,
    open: async (request) => {
      const workspace = await workspaces.open(request);
      return { ...workspace, run: async (command) => await workspace.run({ ...command, limits }) };
    },
  };
}

/** Runs one call of the model as `act` does, on top of `at`; returns the checkpoint and the text for the model. */
async function act(
  { store, workspaces }: { store: Store; workspaces: Workspaces },
  base: Sha,
  at: Sha | null,
  command: string | { patch: string },
  more: Partial<ActInput> = {},
): Promise<{ outcome: ActOutcome; told: string; ran: string | undefined }> {
  const tool = typeof command === 'string' ? 'shell' : 'apply_patch';
  const call = JSON.stringify(typeof command === 'string' ? { command } : command);
  const items: Item[] = [{ kind: 'call', callId: 'call', tool, arguments: call }];
  const usage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: null };
  const step = at === null ? 1 : 2;
  const thought = formatCheckpointMessage('think', {
    v: 1,
    kind: 'think',
    key: `think/${step}`,
    model: 'm',
    usage,
    steers: [],
    items,
  });
  const parent = at ?? base;
  const head = await commitTree(store, { tree: await treeOf(store, parent), parents: [parent], message: thought });
  await moveRef(store, { ref, to: head, from: at });
  const context = {
    hub: store.dir,
    remoteEnvironment: {},
    host: 'h',
    isolation: 'bwrap',
    workspaces,
    roots: [{ kind: 'path', path: '/' }],
    setupNetwork: false,
    stateDir: store.dir,
  };
  const input: ActInput = {
    repository: store.dir,
    base,
    start: base,
    head,
    key: `act/${step}`,
    profile: 'work',
    callId: 'call',
    digest: digestText(`${tool}\n${call}`),
    decision: { outcome: 'allow', by: 'test', policy: '' },
    paths: ['**'],
    setup: null,
    ...more,
  };
  const environment = new MockActivityEnvironment({ workflowExecution: execution });
  const outcome = (await environment.run(createAct(context as unknown as ActivityContext), input)) as ActOutcome;
  const { entry } = await readLink(store, outcome.head);
  const told = entry?.items.flatMap((item) => (item.kind === 'result' ? [item.output] : [])).join('') ?? '';
  return { outcome, told, ran: entry?.kind === 'act' ? entry.tool : undefined };
}

test('a checkpoint names the tool that ran', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { 'kept.txt': 'k\n' });
  const workspaces = temporaryWorkspaces(isolation);
  const patch = '*** Begin Patch\n*** Add File: new.txt\n+new\n*** End Patch\n';
  const patched = await act({ store, workspaces }, base, null, { patch });
  expect(patched).toMatchObject({ ran: 'apply_patch', outcome: { exitCode: 0 } });
  const listed = await act({ store, workspaces }, base, patched.outcome.head, 'cat new.txt');
  expect(listed).toMatchObject({ ran: 'shell', told: 'exit status 0\nnew\n' });
});

test('when a call fills the disk, the model is told, and its next call finds the files as before', async () => {
  const folder = temporaryFolder();
  const { store, base } = await storeWith(folder, { 'kept.txt': 'k\n' });
  const workspaces = temporaryWorkspaces(isolation);
  const small = limited(workspaces, { diskBytes: 8 * 1024 * 1024 });
  const full = 'echo half > kept.txt; head -c 200M /dev/zero > big; sleep 20; echo other-half >> kept.txt';
  const first = await act({ store, workspaces: small }, base, null, full);
  expect(first.told).toMatch(/^disk full\n[^]*\[the disk was full: all files are back/);
  expect(await treeOf(store, first.outcome.head)).toBe(await treeOf(store, base));
  const second = await act({ store, workspaces }, base, first.outcome.head, 'cat kept.txt; ls');
  expect(second.told).toBe('exit status 0\nk\nkept.txt\n');
});

test('the model is told which files are not in the checkpoint, except ignored ones', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { '.gitignore': 'cache\n' });
  const workspaces = temporaryWorkspaces(isolation);
  const line = 'git init -q sub; echo x > sub/x; echo x > cache; mkfifo pipe; truncate -s 600M huge';
  const { outcome, told } = await act({ store, workspaces }, base, null, line);
  expect(told).toContain('[not in the checkpoint: ');
  for (const reason of ['nested .git (1)', 'special files (1)', 'files over 512 MiB (1)'])
    expect(told).toContain(reason);
  expect(told).not.toContain('ignored');
  expect(git(store.dir, ['ls-tree', '-r', '--name-only', outcome.head]).split('\n')).toEqual(['.gitignore', 'sub/x']);
});

test('the model is told that a .gitignore it wrote is too large to be followed', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { 'a.txt': 'a\n' });
  const workspaces = temporaryWorkspaces(isolation);
  const line = 'mkdir a; yes new | head -c 2000000 > a/.gitignore; touch a/new';
  const { outcome, told } = await act({ store, workspaces }, base, null, line);
  expect(told).toContain('[a .gitignore of more than 1024 KiB ignores nothing: a/.gitignore (2000000 bytes). Make it');
  expect(git(store.dir, ['diff', '--name-only', base, outcome.head])).toBe('a/.gitignore\na/new');
});

test('files left by tools are not in the checkpoint, and the model is told how many there are', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { 'src/a.py': 'a\n' });
  const workspaces = temporaryWorkspaces(isolation);
  const line = 'mkdir src/__pycache__; for i in $(seq 1 1200); do : > src/__pycache__/m$i.pyc; done; echo b > src/a.py';
  const { outcome, told } = await act({ store, workspaces }, base, null, line);
  expect(told).toContain('[not in the checkpoint: compiled Python files (1,200)]');
  expect(outcome).not.toHaveProperty('findings');
  expect(git(store.dir, ['diff', '--name-only', base, outcome.head])).toBe('src/a.py');
});

test('if a call is one of the checks, what it wrote is put back for the next call', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { 'a.txt': 'a\n' });
  const workspaces = temporaryWorkspaces(isolation);
  const check = 'echo log > new.log; echo changed > a.txt; echo green';
  const first = await act({ store, workspaces }, base, null, check, { checks: [check] });
  expect(first.told).toMatch(/^exit status 0\ngreen\n[^]*\[not in the checkpoint: what this check wrote \(2\)\]$/);
  expect(await treeOf(store, first.outcome.head)).toBe(await treeOf(store, base));
  const second = await act({ store, workspaces }, base, first.outcome.head, 'cat a.txt; ls', { checks: [check] });
  expect(second.told).toBe('exit status 0\na\na.txt\n');
});

test('the model is told that setup did not run again after its changes', async () => {
  const folder = temporaryFolder();
  const { store, base } = await storeWith(folder, { 'package-lock.json': '{}\n' });
  const workspaces = temporaryWorkspaces(isolation);
  const setup = { command: 'true', network: { hosts: ['registry.example.org'] } };
  // A grant of the network is also read from the repository's policy file.
  const repository = join(folder, 'repository.git');
  git(folder, ['init', '-q', '--bare', '-b', 'main', repository]);
  git(store.dir, ['push', '-q', repository, `${base}:refs/heads/main`]);
  const more = { setup, repository } as unknown as Partial<ActInput>;
  const host = { store, workspaces };
  const first = await act(host, base, null, 'echo \'{"a":1}\' > package-lock.json', more);
  const second = await act(host, base, first.outcome.head, 'true', more);
  expect(second.told).toMatch(/\[setup did not run again, though these changed since: package-lock\.json \(/);
});

test('a call asks for what it changed outside its paths, not for what was there before', async () => {
  const folder = temporaryFolder();
  const { store, base } = await storeWith(folder, { 'kept.txt': 'k\n' });
  const at = { store, workspaces: temporaryWorkspaces(isolation) };
  const brought = await act(at, base, null, 'echo theirs > theirs.txt');
  const paths = ['src/**'];
  const inside = await act(at, base, brought.outcome.head, 'mkdir src; echo own > src/own.txt', { paths });
  expect(inside.outcome.outside).toEqual([]);
  const over = await act(at, base, inside.outcome.head, 'echo more >> theirs.txt; echo own > own.txt', {
    paths,
    key: 'act/3',
  });
  expect(over.outcome.outside).toEqual(['own.txt', 'theirs.txt']);
});
