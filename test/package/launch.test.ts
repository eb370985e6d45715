/** The launcher as a real process: exit codes, signals and streams pass through, and nobody is left behind. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ROOT } from '../tidy/source-files.ts';

/** The machine's own Node where there is one, so that the launcher has to find the packaged one. */
const machineNode = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path)) ?? process.execPath;
const bootstrap = join(ROOT, 'scripts', 'bootstrap.mjs');

async function writeScript(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-launch-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const script = join(folder, 'script.ts');
  await writeFile(script, text);
  return script;
}

function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Launches a script that prints its pid and then waits; returns the launcher and that pid. */
async function launchWaiting(onSignal: string): Promise<{ launcher: ChildProcess; pid: number }> {
  const script = await writeScript(`${onSignal}\nsetInterval(() => {}, 1000);\nconsole.log(process.pid);`);
  const launcher = spawn(machineNode, [bootstrap, script], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (!launcher.stdout) throw new Error('no pipe');
  const [line] = await once(launcher.stdout, 'data');
  return { launcher, pid: Number(String(line)) };
}

const waitForEnd = (pid: number): Promise<void> =>
  vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 240_000, interval: 50 });

test('a TypeScript file runs on Node 24 with its arguments and streams, and its exit code is kept', async () => {
  const script = await writeScript(`
    const words: string[] = process.argv.slice(2);
    for await (const chunk of process.stdin) console.log(process.version.split('.')[0], words.join('|'), String(chunk));
    process.exitCode = 7;`);
  const result = await execa(machineNode, [bootstrap, script, 'a b', '--c'], { input: 'in', reject: false });
  expect([result.exitCode, result.stdout]).toEqual([7, 'v24 a b|--c in']);
});

test('a signal to the launcher reaches the program, whose own answer counts', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const { launcher, pid } = await launchWaiting(`process.on('${signal}', () => process.exit(42));`);
    launcher.kill(signal);
    expect(await once(launcher, 'exit')).toEqual([42, null]);
    expect(isAlive(pid)).toBe(false);
  }
});

test('a program that a signal killed is told as a shell would', async () => {
  const { launcher, pid } = await launchWaiting('');
  process.kill(pid, 'SIGKILL');
  expect(await once(launcher, 'exit')).toEqual([137, null]);
});

test('kill -9 of the launcher ends the program', async () => {
  const { launcher, pid } = await launchWaiting('');
  launcher.kill('SIGKILL');
  await waitForEnd(pid);
});

test('a name that is neither file nor program is said', async () => {
  const result = await execa(machineNode, [bootstrap, 'no-such-thing'], { reject: false });
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toBe('no-such-thing is neither a file of this project nor a program of its packages');
});
