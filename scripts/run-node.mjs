/**
 * Starts the project's tools with the Node that runs this file.
 * Rule: a tool's whole output and exit code are returned; callers decide what a failure means.
 */
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The path of the script of a package's program. */
export function programOf(name) {
  return realpathSync(join(ROOT, 'node_modules', '.bin', name));
}

/** Runs a script; returns its exit code, its output (stdout and stderr interleaved) and how long it took. */
export async function runNode(script, args) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [script, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const exitCode = await new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 1));
  });
  return { exitCode, output, seconds: (performance.now() - startedAt) / 1000 };
}
