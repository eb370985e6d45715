/** Setup after an agent changed what it depends on: when it runs again, over what, and what is told where it doesn't. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { allowance } from '../../src/core/policy-fields.ts';
import { isSetupInput } from '../../src/sandbox/setup-inputs.ts';
import type { Workspace } from '../../src/sandbox/workspaces.ts';
import { addCommit, git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const limits = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;
const FILES = { 'package.json': 'one\n', 'src/a': 'a\n', gone: 'g\n', '.gitignore': 'deps\n' };
/** Installs what the manifest says, and tells one run from another. */
const INSTALL = 'mkdir -p deps && cp package.json deps/installed && head -c 16 /dev/urandom | od -An -tx1 > deps/run';

async function output(workspace: Workspace, command: string): Promise<string> {
  return (await workspace.run({ ...limits, command })).output;
}

describe.each([isolation, { ...isolation, overlay: false }])('with overlay $overlay', (kind) => {
  test('it runs again over the commit that changed a manifest, once for all that have the same one', async () => {
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
    expect(second).toMatch(/^two\nb\ndeps\nnew\npackage\.json\nsrc\n/);
    const unchanged = await again.checkpoint({ parent: commit, message: () => 'nothing' });
    expect(unchanged.tree).toBe(git(store.dir, ['rev-parse', `${commit}^{tree}`]));
    const other = addCommit(folder, store, { ...FILES, 'package.json': 'two\n' });
    const neighbour = await workspaces.open({ ...origin, id: 'neighbour', commit: other });
    expect(await output(neighbour, 'cat deps/run')).toBe(second.split('\n').slice(-2).join('\n'));
    const checks = ['cat deps/installed'];
    const [check] = await workspaces.runChecks({ ...origin, commit, checks, timeoutMs: 60_000 });
    expect(check).toMatchObject({ output: 'two\nb\n', staleSetup: null });
  });

  test('a network that policy grants for the base is not handed to what an agent wrote, unless it says so', async () => {
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

  test('one that fails then, or changes what is tracked, leaves the layer of the base and is told, not repeated', async () => {
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
  const { tighten } = allowance({ limit: true, value: false });
  const [yes, no] = [{ hosts: ['a.test'], afterChanges: true }, { hosts: ['a.test', 'b.test'] }];
  expect([tighten(yes, yes), tighten(true, yes), tighten(yes, true)]).toEqual([yes, yes, yes]);
  expect([tighten(yes, no), tighten(no, yes), tighten(yes, false)]).toEqual([
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
