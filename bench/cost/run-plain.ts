/**
 * Runs a program with as little overhead as Node can, for comparison with ours.
 * Rule: its output is discarded, and any exit status other than 0 is an error.
 */
import { spawn } from 'node:child_process';

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
