/**
 * Finds the toolchains of this machine that lie outside of the system's own folders, for every runner to be told of.
 * Rule: each is asked by its own tool where it is; what does not answer is not there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const QUESTIONS = [
  ['go', 'env', 'GOROOT'],
  ['rustc', '--print', 'sysroot'],
] as const;

/** Their folders; each has its programs in `bin`. */
export function findToolchains(): string[] {
  return QUESTIONS.map(([program, ...args]) => ask(program, args)).filter(
    (folder) => folder !== '/usr' && existsSync(join(folder, 'bin')),
  );
}

function ask(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return '';
  }
}
