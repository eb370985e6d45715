/**
 * Finds this machine's toolchains outside the system's folders, so that every runner can be configured with them.
 * Rule: each toolchain's own tool says where it is; a tool that fails counts as missing.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const QUESTIONS = [
  ['go', 'env', 'GOROOT'],
  ['rustc', '--print', 'sysroot'],
] as const;

/** The toolchains' folders; each has its programs in `bin`. */
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
