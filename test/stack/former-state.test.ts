/**
 * State is kept outside repositories. A `.coxswain` with a state may be a stranger's, so it is used only on request.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { makeFolder } from './fake-program.ts';

const stateOf = (folder: string, env: NodeJS.ProcessEnv = {}): string => readConfig(env, folder).stateDir;

test('the state folder is the XDG state folder, whatever the working directory', async () => {
  const folder = await makeFolder();
  expect(stateOf(folder)).toBe(join(homedir(), '.local/state/coxswain'));
  expect(stateOf(folder, { XDG_STATE_HOME: '/srv/state' })).toBe('/srv/state/coxswain');
  // The XDG specification says that a relative path is ignored.
  expect(stateOf(folder, { XDG_STATE_HOME: 'state' })).toBe(join(homedir(), '.local/state/coxswain'));
  expect(stateOf(folder, { XDG_STATE_HOME: '/srv/state', COXSWAIN_STATE: 'here' })).toBe(join(folder, 'here'));
});

test("a repository's policy is no state", async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, '.coxswain'), { mode: 0o700 });
  await writeFile(join(folder, '.coxswain/policy.yaml'), 'version: 1\n');
  expect(stateOf(folder, { XDG_STATE_HOME: '/srv/state' })).toBe('/srv/state/coxswain');
});

test.each(['host', 'temporal.db', 'seal.json'])(
  'state that came in an archive, closed to others and owned by who unpacked it, is refused: %s',
  async (mark) => {
    const origin = await makeFolder();
    await mkdir(join(origin, '.coxswain'), { mode: 0o700 });
    await writeFile(join(origin, '.coxswain', mark), '{}', { mode: 0o600 });
    const folder = await makeFolder();
    await execa('tar', ['cf', join(folder, 'a.tar'), '.coxswain'], { cwd: origin });
    await execa('tar', ['xf', 'a.tar'], { cwd: folder });
    const state = join(folder, '.coxswain');
    expect(() => stateOf(folder)).toThrow(/archive or a repository.*COXSWAIN_STATE=\.coxswain .*move it away/);
    expect(stateOf(folder, { COXSWAIN_STATE: '.coxswain' })).toBe(state);
  },
);
