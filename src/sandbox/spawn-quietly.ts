/**
 * Runs one of our own small commands to its end and gives its whole output: for scripts of ours, never for agents'
 * commands.
 * Rule: the environment is empty, and a command that takes too long is killed.
 */
import { spawn } from 'node:child_process';

/** How a small command ended; `exitCode` is null when it was killed. */
export interface QuietResult {
  exitCode: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs a program with `stdin` as its input. */
export async function spawnQuietly(
  program: string,
  args: readonly string[],
  { stdin, timeoutMs }: { stdin: Buffer; timeoutMs: number },
): Promise<QuietResult> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: {}, cwd: '/', timeout: timeoutMs, killSignal: 'SIGKILL' });
    const stdout: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.on('error', () => undefined).end(stdin);
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout: Buffer.concat(stdout), stderr }));
  });
}
