/** The packed package, installed somewhere else and run with the Nodes that the machine has. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../tidy/source-files.ts';

let folder: string;
/** The installed package's root. */
let installed: string;
let cox: string;

/** npm, and the oldest Node on the PATH: not the packaged one, which npm scripts put first. */
const machinePath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((entry) => !entry.includes('node_modules'))
  .join(delimiter);
const onMachine = { env: { PATH: machinePath }, stdin: 'ignore' } as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coxswain-package-'));
  const packed = await execa('npm', ['pack', '--json', '--pack-destination', folder], { ...onMachine, cwd: ROOT });
  const [, filename = ''] = /"filename": "([^"]+\.tgz)"/.exec(packed.stdout) ?? [];
  const home = join(folder, 'home');
  await mkdir(home);
  await writeFile(join(home, 'package.json'), '{ "private": true }');
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  await execa('npm', ['install', ...flags, join(folder, filename)], { ...onMachine, cwd: home });
  installed = join(home, 'node_modules', 'coxswain');
  cox = join(home, 'node_modules', '.bin', 'cox');
}, 600_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('the package has the compiled program, its workflow bundle, demo and licence, and no sources', () => {
  const present = ['bin/cox.mjs', 'dist/cli.js', 'dist/worker.js', 'dist/workflow-bundle.js', 'README.md', 'LICENSE'];
  expect(present.filter((path) => !existsSync(join(installed, path)))).toEqual([]);
  expect(['src', 'test', 'scripts'].filter((path) => existsSync(join(installed, path)))).toEqual([]);
});

test("`cox` answers under the machine's own Node", async () => {
  const { version } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  const result = await execa(cox, ['--version'], { ...onMachine, cwd: folder });
  expect(result.stdout).toContain(version);
  expect(result.stderr).toBe('');
});

test('`cox doctor --help` says what it looks at', async () => {
  const result = await execa(cox, ['doctor', '--help'], { ...onMachine, cwd: folder });
  expect(result.stdout).toMatch(/doctor/);
});

test("an unknown command's exit code reaches the shell", async () => {
  const result = await execa(cox, ['no-such-command'], { ...onMachine, cwd: folder, reject: false });
  expect(result.exitCode).toBeGreaterThan(0);
  expect(result.stderr).not.toBe('');
});
