/** Which workspaces and layers of a host a sweep removes, and which never. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { addCommit, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const DAY_MS = 24 * 3_600_000;
const setup = { command: 'echo installed > deps', network: false };

/** Makes everything in a state folder look as if last used two days ago. */
function age(stateDir: string): void {
  const then = new Date(Date.now() - 2 * DAY_MS);
  for (const kind of ['workspaces', 'bases', 'setups']) {
    for (const name of readdirSync(join(stateDir, kind))) {
      const folder = join(stateDir, kind, name);
      for (const path of [join(folder, 'state.json'), folder]) if (existsSync(path)) utimesSync(path, then, then);
    }
  }
}

const count = (stateDir: string): number[] =>
  ['workspaces', 'bases', 'setups'].map((kind) => readdirSync(join(stateDir, kind)).length);

describe.each([isolation, { ...isolation, overlay: false }])('with overlay $overlay', (kind) => {
  test('old workspaces are removed with layers that only they used; listed, open and young ones stay', async () => {
    const folder = temporaryFolder();
    const { store, base } = await storeWith(folder, { file: '1\n', '.gitignore': 'deps\n' });
    const other = addCommit(folder, store, { file: '2\n' });
    const stateDir = temporaryFolder();
    const workspaces = temporaryWorkspaces(kind, stateDir);
    const open = async (id: string, at = base): ReturnType<typeof workspaces.open> =>
      await workspaces.open({ id, store, base: at, commit: at, ...(at === base ? { setup } : {}) });
    for (const id of ['old', 'kept', 'elsewhere']) await (await open(id, id === 'elsewhere' ? other : base)).close();
    const held = await open('held');
    expect(count(stateDir)).toEqual([4, 2, 1]);
    const request = { olderThanMs: DAY_MS, keep: ['kept'] };
    expect(await workspaces.sweep(request)).toEqual({ workspaces: [], bases: 0, setups: 0 });
    age(stateDir);
    const swept = await workspaces.sweep(request);
    expect({ ...swept, workspaces: swept.workspaces.sort() }).toEqual({
      workspaces: ['elsewhere', 'old'],
      bases: 1,
      setups: 0,
    });
    const limits = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;
    expect((await held.run({ ...limits, command: 'cat file deps' })).output).toBe('1\ninstalled\n');
    await held.close();
    age(stateDir);
    const rest = await workspaces.sweep({ ...request, keep: [] });
    expect({ ...rest, workspaces: rest.workspaces.sort() }).toEqual({
      workspaces: ['held', 'kept'],
      bases: 1,
      setups: 1,
    });
    expect(count(stateDir)).toEqual([0, 0, 0]);
    const again = await open('old');
    expect((await again.run({ ...limits, command: 'cat file deps' })).output).toBe('1\ninstalled\n');
  });
});

test('a workspace that another process has open stays, however old it looks', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { file: '1\n' });
  const stateDir = temporaryFolder();
  const script = fileURLToPath(new URL('./killed-worker.ts', import.meta.url));
  const worker = spawn(process.execPath, [script, isolation.path, stateDir, store.dir, base], { stdio: 'inherit' });
  onTestFinished(() => void worker.kill('SIGKILL'));
  const isRunning = (): boolean =>
    existsSync(join(stateDir, 'workspaces')) &&
    readdirSync(join(stateDir, 'workspaces'), { recursive: true, encoding: 'utf8' }).some((name) =>
      name.endsWith('beats'),
    );
  await expect.poll(isRunning).toBe(true);
  age(stateDir);
  const workspaces = temporaryWorkspaces(isolation, stateDir);
  expect(await workspaces.sweep({ olderThanMs: 0, keep: [] })).toEqual({ workspaces: [], bases: 0, setups: 0 });
  worker.kill('SIGKILL');
  const sweep = async (): Promise<string[]> => (await workspaces.sweep({ olderThanMs: 0, keep: [] })).workspaces;
  await expect.poll(sweep).toEqual(['agent']);
});

test('a layer that was used within a day stays, and one that a dead process left half made is removed', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { file: '1\n', '.gitignore': 'deps\n' });
  const stateDir = temporaryFolder();
  const workspaces = temporaryWorkspaces(isolation, stateDir);
  const request = { store, base, commit: base, setup, checks: ['true'], timeoutMs: 60_000 };
  await workspaces.runChecks(request);
  age(stateDir);
  await workspaces.runChecks(request);
  for (const name of ['bases', 'setups']) mkdirSync(join(stateDir, name, 'abc-12345678-999999999'));
  mkdirSync(join(stateDir, 'setups', `abc-12345678-${process.pid}`));
  expect(await workspaces.sweep({ olderThanMs: 0, keep: [] })).toEqual({ workspaces: [], bases: 0, setups: 0 });
  expect(count(stateDir)).toEqual([0, 1, 2]);
});
