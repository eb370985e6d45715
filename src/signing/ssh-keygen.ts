/**
 * Runs `ssh-keygen -Y`, which makes and verifies all signatures.
 * Rule: no shell, only our own arguments, data through standard input and private files, and always a timeout.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** Verifying takes milliseconds. */
const VERIFY_TIMEOUT_MS = 8_000;
/** Enough for a person to type a passphrase or touch a security key. */
const SIGN_TIMEOUT_MS = 120_000;
/** The system's folders of programs: the worker's own environment is not passed on. */
const PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin', dirname(process.execPath)].join(':');

export type KeygenEnd = { kind: 'ended'; exitCode: number; output: string; errors: string } | { kind: 'absent' };

/** Verifies, without the worker's environment, and in UTC, as the dates are written. */
export async function runToVerify(args: readonly string[], input = ''): Promise<KeygenEnd> {
  const env = { PATH, TZ: 'UTC0', LC_ALL: 'C' };
  return await run(args, { input, env, extendEnv: false, timeout: VERIFY_TIMEOUT_MS });
}

/** Signs for a person, with their SSH agent, and their terminal for a passphrase or a touch. */
export async function runToSign(args: readonly string[], input: string): Promise<KeygenEnd> {
  return await run(args, { input, stderr: ['pipe', 'inherit'], timeout: SIGN_TIMEOUT_MS });
}

async function run(args: readonly string[], options: object): Promise<KeygenEnd> {
  const result = await execa('ssh-keygen', args, { reject: false, maxBuffer: 64 * 1024, ...options });
  if (result.code === 'ENOENT') return { kind: 'absent' };
  const exitCode = result.exitCode ?? -1;
  const errors =
    result.exitCode === undefined ? (result.shortMessage ?? 'it was killed') : String(result.stderr).trim();
  return { kind: 'ended', exitCode, output: String(result.stdout), errors };
}

/** Writes files that only this user can read, calls `body` with their paths, and removes them. */
export async function withPrivateFiles<N extends string, T>(
  files: Record<N, string>,
  body: (paths: Record<N, string>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-signature-'));
  try {
    await chmod(folder, 0o700);
    const names = Object.keys(files) as N[];
    for (const name of names) await writeFile(join(folder, name), files[name], { mode: 0o600, flag: 'wx' });
    return await body(Object.fromEntries(names.map((name) => [name, join(folder, name)])) as Record<N, string>);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
