/**
 * Runs git on stores: simple-git for verbs, a plain child process where bytes go in or come out.
 * Rule: environment and settings are fixed, no hook runs, git never prompts, and our code makes every argument. Only
 * verbs that talk to a remote use the git configuration of the worker's user, since their credentials are there.
 */
import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, dirname } from 'node:path';
import type { Writable } from 'node:stream';
import type { SimpleGit } from 'simple-git';
import { simpleGit } from 'simple-git';
import { startProgram } from '../programs/starter.ts';
import { GitFailure, toGitFailure } from './git-failure.ts';
import { COXSWAIN, namePersons } from './person.ts';

/** Longest time without output of a verb: even a transfer over a slow connection reports its progress. */
const SILENCE_MS = 10 * 60_000;
/** Longest time of a call without progress output: enough to check out a very large tree on a slow disk. */
const CALL_MS = 30 * 60_000;
/** The system's folders of programs, and the folder of our own Node. */
const PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin', dirname(process.execPath)].join(delimiter);

/**
 * Settings of every call: no hooks, no file monitor, no automatic maintenance, unquoted paths, no tags or signatures
 * pushed.
 */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'core.quotePath=false',
  'push.followTags=false',
  'push.gpgSign=false',
].flatMap((setting) => ['-c', setting]);

/** Options of one call. */
export interface GitOptions {
  /** Environment variables on top of those that all calls have. */
  env?: Readonly<Record<string, string>>;
  /** `personal`: git uses the configuration of the worker's user too, for verbs that talk to a remote. */
  configuration?: 'ours' | 'personal';
  /** More settings of git, as `-c name=value`. */
  settings?: readonly string[];
  /** `is-dir` (default): `dir` is the repository. `around-dir`: git searches for one from there, as in a shell. */
  repository?: 'is-dir' | 'around-dir';
}

/** Git's whole environment. It has none of this process's GIT_ variables, but HOME, for credential helpers and SSH. */
export function gitEnvironment(dir: string, { env, configuration, repository }: GitOptions): Record<string, string> {
  return {
    PATH,
    HOME: homedir(),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    // Git and SSH ask this program instead of a person, which fails at once. A prompt would wait for ever.
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    SSH_ASKPASS_REQUIRE: 'force',
    GIT_NO_REPLACE_OBJECTS: '1',
    ...(configuration === 'personal' ? {} : { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }),
    // Set, so that git never uses a repository around a broken store.
    ...(repository === 'around-dir' ? {} : { GIT_DIR: dir }),
    ...namePersons(COXSWAIN, COXSWAIN),
    ...env,
  };
}

/**
 * Runs one git verb through simple-git and returns its output. Verbs without output use `streamGit` instead, since
 * simple-git waits 50 ms for a first byte. Throws a GitFailure.
 */
export async function runGit(dir: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  try {
    return await client(dir, options).raw([...SETTINGS, ...(options.settings ?? []), ...args]);
  } catch (error) {
    throw toGitFailure(args, dir, error instanceof Error ? error.message : String(error));
  }
}

/** simple-git blocks these settings unless allowed; we set them ourselves. */
const ALLOWED = {
  allowUnsafeHooksPath: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeAskPass: true,
  allowUnsafeSshCommand: true,
  allowUnsafePack: true,
} as const;

function client(dir: string, options: GitOptions): SimpleGit {
  const values = gitEnvironment(dir, options);
  return simpleGit({
    baseDir: dir,
    timeout: { block: SILENCE_MS },
    unsafe: ALLOWED,
    trimmed: false,
    allowEnvironment: Object.keys(values),
    errors: failOnStatus,
  }).env(values);
}

/** Without this, simple-git takes a non-zero exit status without error output for success. */
function failOnStatus(
  error: Buffer | Error | undefined,
  result: { exitCode: number; stdErr: Buffer[] },
): Buffer | Error | undefined {
  if (result.exitCode === 0) return undefined;
  return error ?? Buffer.from(`${Buffer.concat(result.stdErr).toString()} (exit status ${result.exitCode})`);
}

/** Git's standard input, in parts. */
export type GitInput = AsyncIterable<Buffer | string> | readonly (Buffer | string)[];

/** Options of a call with bytes. `expected`: exit statuses besides 0 that are not failures. */
export interface StreamOptions extends GitOptions {
  input?: GitInput;
  expected?: readonly number[];
  /** After this time git is killed and the call fails. */
  timeoutMs?: number;
  /** Gets the output as it comes, instead of the result. Call `enough` when no more is wanted. */
  take?: (chunk: Buffer, enough: () => void) => Promise<void> | void;
}

/** A git that answers questions until its input ends. */
export type OpenGit = ChildProcessByStdio<Socket, Socket, null> & {
  /** Whether this process waits for an answer. Without that, it may end while git is open. */
  hold: (isAwaited: boolean) => void;
};

/** Starts a git that stays open. It is started directly, since it has to be let go at this process's end. */
export function openGit(dir: string, args: readonly string[]): OpenGit {
  const stdio: ['pipe', 'pipe', 'ignore'] = ['pipe', 'pipe', 'ignore'];
  const child = spawn('git', [...SETTINGS, ...args], { cwd: dir, env: gitEnvironment(dir, {}), stdio });
  const { stdin, stdout } = child as ChildProcessByStdio<Socket, Socket, null>;
  child.unref();
  stdin.unref();
  const hold = (isAwaited: boolean): void => void (isAwaited ? stdout.ref() : stdout.unref());
  return Object.assign(child as ChildProcessByStdio<Socket, Socket, null>, { hold });
}

/** Runs git with bytes on its standard input; returns exit status and output. Throws a GitFailure. */
export async function streamGit(
  dir: string,
  args: readonly string[],
  options: StreamOptions = {},
): Promise<{ status: number; output: Buffer }> {
  const list = [...SETTINGS, ...(options.settings ?? []), ...args];
  const child = await startProgram({ file: 'git', args: list, cwd: dir, env: gitEnvironment(dir, options) });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const deadline = setTimeout(() => child.kill(), options.timeoutMs ?? CALL_MS);
  let isEnough = false;
  const enough = (): void => {
    isEnough = true;
    child.kill();
  };
  const ended = child.ended.then((status) => status ?? 128);
  // The end of git is awaited whatever fails, so that no process of the call goes on.
  const parts = [ended, feed(child.stdin, options.input), collect(child.stdout, options.take, enough)] as const;
  try {
    const [status, , output] = await Promise.all(parts);
    const isFine = status === 0 || isEnough || options.expected?.includes(status);
    if (!isFine) throw toGitFailure(args, dir, Buffer.concat(errors).toString('utf8'));
    return { status, output };
  } catch (error) {
    // With its input ended and its output closed, git ends by itself and removes its unfinished files.
    child.stdin.end();
    child.stdout.destroy();
    await Promise.allSettled(parts);
    if (error instanceof GitFailure) throw error;
    throw toGitFailure(args, dir, error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(deadline);
  }
}

async function feed(stdin: Writable, input: GitInput | undefined): Promise<void> {
  // If git ends early, its exit status tells why; the broken pipe adds nothing.
  stdin.on('error', () => undefined);
  for await (const chunk of input ?? []) {
    // When git ends, its input closes, sometimes without an error; waiting for `drain` would then last for ever.
    if (stdin.destroyed) return;
    if (!stdin.write(chunk) && !stdin.destroyed) await untilWritable(stdin);
  }
  stdin.end();
}

async function untilWritable(stdin: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    const go = (): void => {
      stdin.off('drain', go).off('close', go);
      resolve();
    };
    stdin.on('drain', go).on('close', go);
  });
}

async function collect(
  stdout: AsyncIterable<Buffer>,
  take: StreamOptions['take'],
  enough: () => void,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdout) {
    if (take) await take(chunk, enough);
    else chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
