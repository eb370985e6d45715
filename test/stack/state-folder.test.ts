/** From the first start on, no other user of the host can read or enter the state folder. */
import { chmod, chown, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, onTestFinished, test } from 'vitest';
import { bringUp } from '../../src/cli/stack/bring-up.ts';
import { readConfig } from '../../src/config.ts';
import { claimStateFolder, StateFolderError } from '../../src/stack/state-folder.ts';
import { quietRuntime } from '../../src/worker.ts';
import { makeFolder } from './fake-program.ts';

quietRuntime();

const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

/** SQLite's journal exists only at times. */
const modeOf = async (path: string): Promise<string> =>
  await stat(path).then(
    ({ mode }) => (mode & 0o777).toString(8),
    () => 'gone',
  );

test('a stack that starts in a folder open to others restricts it, with all files that it writes there', async () => {
  const parent = await makeFolder();
  await chmod(parent, 0o755);
  const folder = join(parent, 'state');
  await mkdir(folder);
  await chmod(folder, 0o755);
  // A folder as an older version left it.
  await writeFile(join(folder, 'temporal.log'), 'secret\n', { mode: 0o644 });
  const path = `${join(inject('temporalPath'), '..')}:${process.env['PATH'] ?? ''}`;
  const config = readConfig({ COXSWAIN_STATE: folder, COXSWAIN_ROLES: 'control', PATH: path }, parent);
  const stack = await bringUp(config, () => undefined);
  onTestFinished(() => stack.stop());
  expect(await modeOf(folder)).toBe('700');
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  expect(files).toEqual(expect.arrayContaining(['host', 'ports.json', 'stack.json', 'temporal.db', 'temporal.log']));
  const modes = await Promise.all(files.map(async (name) => `${name} ${await modeOf(join(folder, name))}`));
  // The filter of system calls is not secret, and is written again at each start.
  expect(modes.filter((line) => !/ (600|gone)$/.test(line) && !line.startsWith('system-calls.bpf'))).toEqual([]);
  if (!isRoot) return;
  const asNobody = { uid: NOBODY, gid: NOBODY, reject: false };
  expect((await execa('cat', [join(parent, 'nothing')], asNobody)).stderr).toContain('No such file');
  expect((await execa('cat', [join(folder, 'temporal.db')], asNobody)).stderr).toContain('Permission denied');
});

test('a missing folder is made for its user only, with its parents', async () => {
  const folder = join(await makeFolder(), 'a', 'b', 'state');
  await claimStateFolder(folder);
  await claimStateFolder(folder);
  expect(await modeOf(folder)).toBe('700');
});

test('a symbolic link and a file are refused', async () => {
  const parent = await makeFolder();
  const elsewhere = join(parent, 'elsewhere');
  await mkdir(elsewhere);
  await symlink(elsewhere, join(parent, 'link'));
  await writeFile(join(parent, 'file'), '');
  await expect(claimStateFolder(join(parent, 'link'))).rejects.toThrow(
    /is a symbolic link to .*elsewhere: set COXSWAIN_STATE/,
  );
  await expect(claimStateFolder(join(parent, 'file'))).rejects.toThrow(/is not a folder/);
});

test('a folder of another user is refused', async () => {
  const own = join(await makeFolder(), 'state');
  await mkdir(own);
  if (isRoot) await chown(own, NOBODY, NOBODY);
  const folder = isRoot ? own : '/usr';
  await expect(claimStateFolder(folder)).rejects.toThrow(StateFolderError);
  await expect(claimStateFolder(folder)).rejects.toThrow(/belongs to another user/);
});
