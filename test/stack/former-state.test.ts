/** Where state lies: outside of repositories, unless an earlier version of this user kept it in `.coxswain`. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { makeFolder } from './fake-program.ts';

const stateOf = (folder: string, env: NodeJS.ProcessEnv = {}): string => readConfig(env, folder).stateDir;

test('state lies in the XDG state folder, whatever folder a command runs in', async () => {
  const folder = await makeFolder();
  expect(stateOf(folder)).toBe(join(homedir(), '.local/state/coxswain'));
  expect(stateOf(folder, { XDG_STATE_HOME: '/srv/state' })).toBe('/srv/state/coxswain');
  // As the specification says of relative paths.
  expect(stateOf(folder, { XDG_STATE_HOME: 'state' })).toBe(join(homedir(), '.local/state/coxswain'));
  expect(stateOf(folder, { XDG_STATE_HOME: '/srv/state', COXSWAIN_STATE: 'here' })).toBe(join(folder, 'here'));
});

test("a repository's policy is no state, and state of an earlier version is still found", async () => {
  const folder = await makeFolder();
  const state = join(folder, '.coxswain');
  await mkdir(state, { mode: 0o700 });
  await writeFile(join(state, 'policy.yaml'), 'version: 1\n');
  expect(stateOf(folder, { XDG_STATE_HOME: '/srv/state' })).toBe('/srv/state/coxswain');
  await writeFile(join(state, 'temporal.db'), '');
  expect(stateOf(folder, { XDG_STATE_HOME: '/srv/state' })).toBe(state);
});

test('what looks like state and is open to others, as all that git checks out, is not used unseen', async () => {
  const folder = await makeFolder();
  const state = join(folder, '.coxswain');
  await mkdir(state);
  await chmod(state, 0o755);
  await writeFile(join(state, 'seal.json'), '{}');
  expect(() => stateOf(folder)).toThrow(/not closed to others.*chmod 700 \.coxswain.*COXSWAIN_STATE/);
  expect(stateOf(folder, { COXSWAIN_STATE: '.coxswain' })).toBe(state);
});
