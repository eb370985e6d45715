/** Setup after an agent changed its inputs: when it runs again, over which files, and what is reported if not. */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tightenNetwork } from '../../src/core/policy/network-grants.ts';
import { isSetupInput } from '../../src/sandbox/layers/setup-inputs.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import { addCommit, git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const limits = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;
const FILES = { 'package.json': 'one\n', 'src/a': 'a\n', gone: 'g\n', '.gitignore': 'deps\n' };
/** Copies the manifest, and writes a random text that identifies the run. */
const INSTALL = 'mkdir -p deps && cp package.json deps/installed && head -c 16 /dev/urandom | od -An -tx1 > deps/run';

async function output(workspace: Workspace, command: string): Promise<string> {
  return (await workspace.run({ ...limits, command })).output;
}

describe.each([isolation, { ...isolation, overlay: false }, { kind: 'none' as const }])('of $kind', (kind) => {
  test('a setup ends when the agent that started it stops; an agent that waits for it still gets it', async () => {
    const folder = temporaryFolder();
    const { store, base } = await storeWith(folder, FILES);
    const workspaces = temporaryWorkspaces(kind);
    const [one, other] = [new AbortController(), new AbortController()];
    const seconds = `60${process.pid % 1000}`;
    const setup = { command: `mkdir -p deps; sleep ${seconds}`, network: false };
    const ask = async ({ signal }: AbortController): Promise<unknown> =>
      await workspaces.prepareSetup({ store, base, setup: { ...setup, signal } }).catch((error: unknown) => error);
    const isRunning = (): boolean => spawnSync('pgrep', ['-f', `^sleep ${seconds}$`]).status === 0;
    const asked = [ask(one), ask(other)];
    await expect.poll(isRunning).toBe(true);
    one.abort(new Error('stopped'));
    expect(await asked[0]).toMatchObject({ message: 'stopped' });
    await expect.poll(isRunning).toBe(true);
    other.abort(new Error('stopped too'));
    expect(await asked[1]).toMatchObject({ message: 'stopped too' });
    await expect.poll(isRunning).toBe(false);
  });
});

describe.each([isolation, { ...isolation, overlay: false }])('with overlay $overlay', (kind) => {
  test('it runs again over the base and the changed manifest, once for all agents with the same one', async () => {
    const folder = temporaryFolder();
    const { store, base } = await storeWith(folder, FILES);
    const workspaces = temporaryWorkspaces(kind);
    const origin = { store, base, setup: { command: `${INSTALL}; cat src/* >> deps/installed`, network: false } };
    const agent = await workspaces.open({ ...origin, id: 'agent', commit: base });
    const run = await output(agent, 'cat deps/installed deps/run; echo b > src/a');
    const edited = await agent.checkpoint({ parent: base, message: () => 'no input' });
    const same = await workspaces.open({ ...origin, id: 'agent', commit: edited.commit });
    expect(await output(same, 'cat deps/installed deps/run')).toBe(run);
    await output(same, 'echo two > package.json; rm gone; mkdir new; echo n > new/file');
    const { commit } = await same.checkpoint({ parent: edited.commit, message: () => 'input' });
    const again = await workspaces.open({ ...origin, id: 'agent', commit });
    expect(again.staleSetup).toBe(null);
    const second = await output(again, 'cat deps/installed; ls; cat deps/run');
    // This setup did not see the agent's other changes and deletions.
    expect(second).toMatch(/^two\na\ndeps\nnew\npackage\.json\nsrc\n/);
    const unchanged = await again.checkpoint({ parent: commit, message: () => 'nothing' });
    expect(unchanged.tree).toBe(git(store.dir, ['rev-parse', `${commit}^{tree}`]));
    const other = addCommit(folder, store, { ...FILES, 'package.json': 'two\n' });
    const neighbour = await workspaces.open({ ...origin, id: 'neighbour', commit: other });
    expect(await output(neighbour, 'cat deps/run')).toBe(second.split('\n').slice(-2).join('\n'));
    // The setup for checks sees exactly the judged tree.
    const checks = ['cat deps/installed'];
    const [check] = await workspaces.runChecks({ ...origin, commit, checks, timeoutMs: 60_000 });
    expect(check).toMatchObject({ output: 'two\nb\n', staleSetup: null });
  });

  test('the checks of a tree run on a setup of exactly that tree, whatever the agent had before', async () => {
    const folder = temporaryFolder();
    // The setup runs the manifest as a script, which runs files that are no inputs by their names.
    const setup = { command: 'sh package.json', network: false };
    const honest = {
      'package.json': 'echo one; sh tools/verify-maker.sh\n',
      'tools/verify-maker.sh': 'mkdir -p deps && echo "! grep -q BACKDOOR src/app" > deps/verify\n',
      'src/app': 'fine\n',
      '.gitignore': 'deps\n',
    };
    const { store, base } = await storeWith(folder, honest);
    const manifest = { 'package.json': 'echo two; sh tools/verify-maker.sh\n' };
    const poison = { 'tools/verify-maker.sh': 'mkdir -p deps && echo exit 0 > deps/verify\n' };
    const poisoned = addCommit(folder, store, { ...honest, ...manifest, ...poison });
    const judged = addCommit(folder, store, { ...honest, ...manifest, 'src/app': 'BACKDOOR\n' });
    const workspaces = temporaryWorkspaces(kind);
    const origin = { store, base, setup };
    // In one step the agent has the poisoned file, and the layer is made; in the next step the file is gone.
    const agent = await workspaces.open({ ...origin, id: 'agent', commit: poisoned });
    expect(await output(agent, 'cat deps/verify; cat tools/verify-maker.sh')).toBe(
      `! grep -q BACKDOOR src/app\n${poison['tools/verify-maker.sh']}`,
    );
    const check = { ...origin, checks: ['sh deps/verify'], timeoutMs: 60_000 };
    const [during] = await workspaces.runChecks({ ...check, commit: poisoned });
    const [after] = await workspaces.runChecks({ ...check, commit: judged });
    expect([during?.exitCode, after?.exitCode]).toEqual([0, 1]);
    const [clean] = await workspaces.runChecks({ ...check, commit: addCommit(folder, store, honest) });
    expect(clean?.exitCode).toBe(0);
  });

  test('another repository with the same files has its own layers', async () => {
    const workspaces = temporaryWorkspaces(kind);
    const runs: string[] = [];
    for (const id of ['one', 'other']) {
      const folder = temporaryFolder();
      const { store, base } = await storeWith(folder, FILES);
      const workspace = await workspaces.open({
        store,
        base,
        commit: base,
        id,
        setup: { command: INSTALL, network: false },
      });
      runs.push(await output(workspace, 'cat deps/run'));
    }
    expect(runs[0]).not.toBe(runs[1]);
  });

  test('a commit that can not be set up is red, and not judged on the setup of its base', async () => {
    const folder = temporaryFolder();
    const { store, base } = await storeWith(folder, FILES);
    const commit = addCommit(folder, store, { ...FILES, 'package.json': 'broken\n' });
    const setup = {
      command: `grep -q broken package.json && echo no such package && exit 3; ${INSTALL}`,
      network: false,
    };
    const workspaces = temporaryWorkspaces(kind);
    const [check] = await workspaces.runChecks({ store, base, commit, setup, checks: ['true'], timeoutMs: 60_000 });
    expect(check).toMatchObject({ command: 'true', exitCode: 126, outcome: 'exited' });
    expect(check?.output).toMatch(/on this commit, setup .* ended with exit status 3: no such package/);
  });

  test('a network that policy grants for the base is not granted over changes, unless policy says so', async () => {
    const server = createServer((_request, response) => response.end('fetched'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const folder = temporaryFolder();
    const { store, base } = await storeWith(folder, FILES);
    const commit = addCommit(folder, store, { ...FILES, 'package.json': 'two\n' });
    const workspaces = temporaryWorkspaces(kind);
    for (const network of [true, { hosts: [host] }]) {
      const setup = { command: INSTALL, network };
      const stale = await workspaces.open({ id: JSON.stringify(network), store, base, commit, setup });
      expect(stale.staleSetup).toEqual({ paths: ['package.json'], reason: expect.stringContaining('afterChanges') });
      expect(await output(stale, 'cat deps/installed package.json')).toBe('one\ntwo\n');
    }
    const setup = { command: INSTALL, network: { hosts: [host], afterChanges: true } };
    const checks = ['cat deps/installed'];
    const [check] = await workspaces.runChecks({ store, base, commit, setup, checks, timeoutMs: 60_000 });
    expect(check).toMatchObject({ output: 'two\n', staleSetup: null });
  });

  test('one that fails then, or changes tracked files, is reported, not repeated, and the base layer is used', async () => {
    const folder = temporaryFolder();
    const { store, base } = await storeWith(folder, FILES);
    const broken = addCommit(folder, store, { ...FILES, 'package.json': 'broken\n' });
    const greedy = addCommit(folder, store, { ...FILES, 'package.json': 'greedy\n', 'b/new': 'tracked\n' });
    const polite = addCommit(folder, store, { 'package.json': 'polite\n', '.gitignore': 'deps\n', 'b/new': 'x\n' });
    const workspaces = temporaryWorkspaces(kind);
    const cases = [
      'if grep -q broken package.json; then cat /proc/sys/kernel/random/uuid; exit 3; fi',
      'if grep -q greedy package.json; then echo changed > b/new; fi',
      'if grep -q polite package.json; then touch b/new; echo x > b/new; echo made > gone; fi',
    ];
    const setup = { command: `${cases.join('; ')}; ${INSTALL}`, network: false };
    const origin = { store, base, setup };
    const one = await workspaces.open({ ...origin, id: 'one', commit: broken });
    expect(one.staleSetup?.reason).toMatch(/ended with exit status 3: [0-9a-f-]{36}$/);
    expect(await output(one, 'cat deps/installed')).toBe('one\n');
    const two = await workspaces.open({ ...origin, id: 'two', commit: broken });
    expect(two.staleSetup).toEqual(one.staleSetup);
    const three = await workspaces.open({ ...origin, id: 'three', commit: greedy });
    expect(three.staleSetup?.reason).toContain('changed files that git tracks: b/new');
    const four = await workspaces.open({ ...origin, id: 'four', commit: polite });
    expect([four.staleSetup, await output(four, 'cat deps/installed')]).toEqual([null, 'polite\n']);
  });
});

test('every layer of policy must agree that hosts are reached after changes', () => {
  const [yes, no] = [{ hosts: ['a.test'], afterChanges: true }, { hosts: ['a.test', 'b.test'] }];
  expect([tightenNetwork(yes, yes), tightenNetwork(true, yes), tightenNetwork(yes, true)]).toEqual([yes, yes, yes]);
  expect([tightenNetwork(yes, no), tightenNetwork(no, yes), tightenNetwork(yes, false)]).toEqual([
    { hosts: ['a.test'] },
    { hosts: ['a.test'] },
    false,
  ]);
});

test('its inputs are manifests and lockfiles anywhere, and files that its command names', () => {
  const inputs = ['package.json', 'a/b/package-lock.json', 'requirements.txt', 'dev-requirements-3.txt', 'go.sum'];
  const others = ['src/a.ts', 'my-package.json', 'package.json/x', 'setup.sh', 'docs/requirements.md', 'xgo.mod'];
  expect(inputs.filter((path) => !isSetupInput(path, 'npm ci'))).toEqual([]);
  expect(others.filter((path) => isSetupInput(path, 'npm ci'))).toEqual([]);
  expect(isSetupInput('scripts/setup.sh', 'cd . && sh ./scripts/setup.sh --all')).toBe(true);
});
