/**
 * Runs `ssh-keygen -Y`, the one program that makes and verifies signatures here.
 * Rule: no shell, arguments of our own making only, bytes through standard input and private files, and always an end.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** Verifying takes milliseconds; a host this slow is not waited for. */
const VERIFY_TIMEOUT_MS = 8_000;
/** Long enough to find a passphrase or touch a security key. */
const SIGN_TIMEOUT_MS = 120_000;
/** Where systems keep the program: nothing of the worker's own environment is handed on. */
const PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin', dirname(process.execPath)].join(':');

export type KeygenEnd = { kind: 'ended'; exitCode: number; output: string; errors: string } | { kind: 'absent' };

/** Runs it to verify: apart from the worker's environment, in the zone that dates are written in. */
export async function runToVerify(args: readonly string[], input = ''): Promise<KeygenEnd> {
  const env = { PATH, TZ: 'UTC0', LC_ALL: 'C' };
  return await run(args, { input, env, extendEnv: false, timeout: VERIFY_TIMEOUT_MS });
}

/** Runs it to sign, for a person: with their agent, and their terminal for a passphrase or a touch. */
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

/** Gives a body the paths of files with these texts, readable by this user only, and removes them after. */
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
