/**
 * Runs git on stores of ours: simple-git for verbs, a plain spawn where bytes go in or come out.
 * Rule: configuration and environment are ours, no hook runs, and every argument was made by our code.
 */
import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { delimiter, dirname } from 'node:path';
import type { SimpleGit } from 'simple-git';
import { simpleGit } from 'simple-git';
import { escapeForPeople } from '../core/escape.ts';
import { GitFailure, hideSecrets, kindOf } from './git-failure.ts';

/** Who commits where no person did. */
const IDENTITY = { name: 'Coxswain', email: 'coxswain@localhost' };
/** Milliseconds without a byte from git before it is given up; a fetch over a slow line still moves. */
const SILENCE_MS = 10 * 60_000;
/** Programs are looked for where systems keep them, and beside our own Node. */
const PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin', dirname(process.execPath)].join(delimiter);

/** Git's whole environment: none of the caller's GIT_ variables; HOME, for credential helpers and SSH. */
function environment(extra: Record<string, string> = {}): Record<string, string> {
  return {
    PATH,
    HOME: homedir(),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: IDENTITY.name,
    GIT_AUTHOR_EMAIL: IDENTITY.email,
    GIT_COMMITTER_NAME: IDENTITY.name,
    GIT_COMMITTER_EMAIL: IDENTITY.email,
    ...extra,
  };
}

/** Settings of every call: no hooks, no file monitor, no automatic maintenance, paths as bytes. */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'core.quotePath=false',
];

/** Runs one git verb through simple-git and gives its output; `expected` exits beside 0 give theirs too. */
export async function runGit(
  dir: string,
  args: string[],
  options: { env?: Record<string, string> } = {},
): Promise<string> {
  try {
    return await client(dir, options.env).raw([...SETTINGS.flatMap((setting) => ['-c', setting]), ...args]);
  } catch (error) {
    throw toFailure(args, dir, error instanceof Error ? error.message : String(error));
  }
}

function client(dir: string, env?: Record<string, string>): SimpleGit {
  // Hooks, editors and the like are switched off above by our own settings, which is what simple-git wants to be told of.
  const unsafe = { allowUnsafeHooksPath: true, allowUnsafeFsMonitor: true } as const;
  const values = environment(env);
  return simpleGit({
    baseDir: dir,
    timeout: { block: SILENCE_MS },
    unsafe,
    trimmed: false,
    allowEnvironment: Object.keys(values),
    errors: failOnStatus,
  }).env(values);
}

/** By itself simple-git takes a bad exit status without words for success. */
function failOnStatus(
  error: Buffer | Error | undefined,
  result: { exitCode: number; stdErr: Buffer[] },
): Buffer | Error | undefined {
  if (result.exitCode === 0) return undefined;
  return error ?? Buffer.from(`${Buffer.concat(result.stdErr).toString()} (exit status ${result.exitCode})`);
}

/** Runs git with bytes to its standard input and gives its exit status and bytes; fails for a status that is not expected. */
export async function streamGit(
  dir: string,
  args: string[],
  options: { input?: AsyncIterable<Buffer | string>; expected?: readonly number[]; env?: Record<string, string> } = {},
): Promise<{ status: number; output: Buffer }> {
  const child = spawn('git', [...SETTINGS.flatMap((setting) => ['-c', setting]), ...args], {
    cwd: dir,
    env: environment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  // Git that ends early is told by its status; the broken pipe says nothing more.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal ? 128 : 1)));
  });
  await feed(child.stdin, options.input);
  const status = await ended;
  if (status !== 0 && !options.expected?.includes(status))
    throw toFailure(args, dir, Buffer.concat(errors).toString('utf8'));
  return { status, output: Buffer.concat(output) };
}

async function feed(stdin: NodeJS.WritableStream, input: AsyncIterable<Buffer | string> | undefined): Promise<void> {
  try {
    for await (const chunk of input ?? []) {
      if (!stdin.write(chunk))
        await new Promise<void>((resolve) => stdin.once('drain', resolve).once('close', resolve));
    }
  } finally {
    stdin.end();
  }
}

function toFailure(args: string[], dir: string, stderr: string): GitFailure {
  const words = escapeForPeople(stderr.trim()).slice(-2000);
  return new GitFailure(kindOf(stderr), `git ${hideSecrets(args.slice(0, 3).join(' '))} failed in ${dir}: ${words}`, {
    words,
  });
}
