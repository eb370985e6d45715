/**
 * Runs a program as plainly as Node can: what ours is compared with.
 * Rule: its output goes nowhere, and anything but exit status 0 is an error.
 */
import { spawn } from 'node:child_process';

/** Runs it to its end. */
export async function runPlain(
  program: string,
  args: readonly string[],
  { cwd, env }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'ignore', cwd, env });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ${args.join(' ')} ended with ${code}`)),
    );
  });
}
