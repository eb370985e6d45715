/**
 * Runs a program of the bench to its end or its deadline, and returns its output.
 * Rule: its whole process group is killed at the deadline, and output beyond a limit is dropped.
 */
import { spawn } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';

/** How a program ended; `exitCode` is null after a signal or the deadline. */
export interface Ran {
  exitCode: number | null;
  output: string;
}

/** Most bytes of output, from its start. */
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
/** Time to wait for further output, because a process that survives the program can keep the pipe open. */
const DRAIN_MS = 1_500;
/** Node's pipes are sockets, to which a sandbox may forbid writing, so programs get a real pipe, which cat reads. */
const BY_PIPE = 'exec "$@" > >(exec cat) 2>&1';

/** Runs the program; never throws because of the program. */
export async function runProgram(
  file: string,
  args: readonly string[],
  { cwd, env, timeoutMs, input }: ProgramOptions,
): Promise<Ran> {
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const options: SpawnOptions = { cwd, env, detached: true, stdio: [stdin, 'pipe', 'pipe'] };
  const child = spawn('/bin/bash', ['-c', BY_PIPE, 'bash', file, ...args], options);
  const chunks: Buffer[] = [];
  let bytes = 0;
  const take = (chunk: Buffer): void => {
    if (bytes < MAX_OUTPUT_BYTES) chunks.push(chunk.subarray(0, MAX_OUTPUT_BYTES - bytes));
    bytes += chunk.length;
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input ?? '');
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    killGroup(child.pid);
  }, timeoutMs);
  const exitCode = await new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      take(Buffer.from(`${error.message}\n`));
      resolve(127);
    });
    child.on('close', (code) => resolve(code));
    child.on('exit', (code) => setTimeout(() => resolve(code), DRAIN_MS));
  });
  clearTimeout(deadline);
  child.stdout?.destroy();
  child.stderr?.destroy();
  if (isLate) take(Buffer.from(`\n(ended after ${timeoutMs} ms)\n`));
  return { exitCode: isLate ? null : exitCode, output: Buffer.concat(chunks).toString('utf8') };
}

export interface ProgramOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  input?: string;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The program ended by itself at this moment.
  }
}
