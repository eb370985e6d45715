/** The bootstrap of a fresh clone, with a small project and a real executable in npm's place. */
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../tidy/source-files.ts';

/** A project with one dependency in its lockfile, and an `npm` that does as `behaviour` says and counts its calls. */
async function makeProject(behaviour: string): Promise<{ root: string; start: () => Promise<StartResult> }> {
  const root = await mkdtemp(join(tmpdir(), 'coxswain-bootstrap-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const path of [
    'bin/launch.mjs',
    'bin/compile-cache.mjs',
    'bin/end-with-launcher.mjs',
    'scripts/bootstrap.mjs',
  ]) {
    await cp(join(ROOT, path), join(root, path));
  }
  await writeFile(join(root, 'package.json'), '{}');
  await writeFile(join(root, 'main.mjs'), 'console.log("running");');
  await writeLock(root, '1.0.0');
  const npm = join(root, 'programs', 'npm');
  await mkdir(dirname(npm));
  await writeFile(npm, `#!/bin/sh\necho "$*" >> ${root}/calls\n${behaviour}\n`);
  await chmod(npm, 0o755);
  const env = { PATH: `${dirname(npm)}:/usr/bin:/bin`, npm_execpath: '' };
  const start = async (): Promise<StartResult> => {
    const result = await execa(process.execPath, ['scripts/bootstrap.mjs', 'main.mjs'], {
      cwd: root,
      env,
      reject: false,
    });
    return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  };
  return { root, start };
}

interface StartResult {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

async function writeLock(root: string, version: string): Promise<void> {
  const packages = {
    '': {},
    'node_modules/thing': { version, integrity: `sha512-${version}` },
    'node_modules/for-another-platform': { version: '1.0.0', optional: true },
  };
  await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages }));
}

// Like npm, it leaves out of its record what it did not install.
const INSTALL = `mkdir -p node_modules/thing
sed 's|,"node_modules/for-another-platform":{[^}]*}||' package-lock.json > node_modules/.package-lock.json`;
const calls = async (root: string): Promise<string[]> =>
  (await readFile(join(root, 'calls'), 'utf8')).trim().split('\n');

test('installs when something is missing or another version, and only then', async () => {
  const { root, start } = await makeProject(INSTALL);
  expect((await start()).stdout).toBe('running');
  expect((await start()).stdout).toBe('running');
  expect(await calls(root)).toHaveLength(1);
  await writeLock(root, '1.0.1');
  expect((await start()).stdout).toBe('running');
  expect(await calls(root)).toHaveLength(2);
  await rm(join(root, 'node_modules', 'thing'), { recursive: true });
  expect((await start()).stdout).toBe('running');
  expect(await calls(root)).toEqual(Array(3).fill('install --no-save --no-audit --no-fund --loglevel=error'));
});

test('an install that fails is said, with what npm printed, and nothing runs', async () => {
  const { start } = await makeProject('echo "npm error network"; exit 7');
  const result = await start();
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toBe('');
  expect(result.stderr).toMatch(/npm error network[^]*npm install failed \(7\)/);
});

test('versions other than the locked ones are refused', async () => {
  const { start } = await makeProject(`${INSTALL}
sed -i 's|1.0.0|1.0.2|' node_modules/.package-lock.json`);
  const result = await start();
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toBe('');
  expect(result.stderr).toMatch(/other packages than package-lock.json names/);
});
