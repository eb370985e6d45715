/** The packed package, installed as a person installs it (`npm install --global`), and run with the machine's Node. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../tidy/source-files.ts';

let folder: string;
/** The installed package's root. */
let installed: string;
/** Where npm put the programs. */
let programs: string;
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
  const prefix = join(folder, 'prefix');
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await execa('npm', ['install', '--global', '--prefix', prefix, ...flags, join(folder, filename)], {
    ...onMachine,
    cwd: folder,
  });
  installed = join(prefix, 'lib', 'node_modules', 'coxswain');
  programs = join(prefix, 'bin');
  cox = join(programs, 'cox');
}, 600_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('the package has the compiled program, its workflow bundle, demo and licence, and no sources', () => {
  const present = ['bin/cox.mjs', 'dist/cli.js', 'dist/worker.js', 'dist/workflow-bundle.js', 'README.md', 'LICENSE'];
  expect(present.filter((path) => !existsSync(join(installed, path)))).toEqual([]);
  expect(['src', 'test', 'scripts'].filter((path) => existsSync(join(installed, path)))).toEqual([]);
});

test("`coxswain` and its short form `cox` answer under the machine's own Node", async () => {
  const { version } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  for (const name of ['coxswain', 'cox']) {
    const result = await execa(join(programs, name), ['--version'], { ...onMachine, cwd: folder });
    expect([result.stdout, result.stderr]).toEqual([version, '']);
  }
});

test('what it tells a person to run names the program as their PATH finds it', async () => {
  const state = { COXSWAIN_STATE: '', XDG_STATE_HOME: join(folder, 'state'), TEMPORAL_ADDRESS: '' };
  const ask = async (PATH: string): Promise<string> =>
    (await execa(cox, ['status', 'x'], { stdin: 'ignore', cwd: folder, env: { ...state, PATH }, reject: false }))
      .stderr;
  expect(await ask(`${programs}:${machinePath}`)).toMatch(/run {2}cox up$/);
  // Another package's program of that name comes first, or none does.
  expect(await ask(machinePath)).toMatch(new RegExp(`run {2}${join(installed, 'bin/cox.mjs')} up$`));
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
