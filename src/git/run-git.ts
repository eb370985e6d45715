/**
 * Runs git on stores of ours: simple-git for verbs, a plain spawn where bytes go in or come out.
 * Rule: environment and settings are ours, no hook runs, nothing asks at a terminal, and every argument was made by
 * our code. Only verbs that talk to a remote see the person's own configuration, since their credentials lie there.
 */
import { homedir } from 'node:os';
import { delimiter, dirname } from 'node:path';
import type { Writable } from 'node:stream';
import type { SimpleGit } from 'simple-git';
import { simpleGit } from 'simple-git';
import { startProgram } from '../programs/starter.ts';
import { GitFailure, toGitFailure } from './git-failure.ts';

/** Who commits where no person did. */
const IDENTITY = { name: 'Coxswain', email: 'coxswain@localhost' };
/** Milliseconds without a byte from a verb: a transfer over a slow line still says how far it is. */
const SILENCE_MS = 10 * 60_000;
/** Milliseconds of a call that says nothing while it works: the checkout of a very large tree on a slow disk. */
const CALL_MS = 30 * 60_000;
/** Programs are looked for where systems keep them, and beside our own Node. */
const PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin', dirname(process.execPath)].join(delimiter);

/**
 * Settings of every call: no hooks, no file monitor, no automatic maintenance, paths as bytes, nothing sent unasked.
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

/** What a call may differ in. */
export interface GitOptions {
  /** Values for git's environment, which is otherwise the same for all calls. */
  env?: Readonly<Record<string, string>>;
  /** Whether the person's configuration counts: for verbs that talk to a remote, with their credentials. */
  configuration?: 'ours' | 'personal';
  /** More settings of git, as `-c name=value`. */
  settings?: readonly string[];
  /** Whether `dir` is the repository itself, or git looks for one from there as a person's shell would. */
  repository?: 'is-dir' | 'around-dir';
}

/** Git's whole environment: none of the caller's GIT_ variables; HOME, for credential helpers and SSH. */
export function gitEnvironment(dir: string, { env, configuration, repository }: GitOptions): Record<string, string> {
  return {
    PATH,
    HOME: homedir(),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    // A question to a person would wait for ever: git and SSH ask this program, which never answers.
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    SSH_ASKPASS_REQUIRE: 'force',
    GIT_NO_REPLACE_OBJECTS: '1',
    ...(configuration === 'personal' ? {} : { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }),
    // Named, so that a store that is broken is never taken for the repository around it.
    ...(repository === 'around-dir' ? {} : { GIT_DIR: dir }),
    GIT_AUTHOR_NAME: IDENTITY.name,
    GIT_AUTHOR_EMAIL: IDENTITY.email,
    GIT_COMMITTER_NAME: IDENTITY.name,
    GIT_COMMITTER_EMAIL: IDENTITY.email,
    ...env,
  };
}

/**
 * Runs one git verb in a repository through simple-git and gives its output. Verbs that say nothing go through
 * `streamGit`: without a byte of output simple-git waits 50 ms more for one.
 */
export async function runGit(dir: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  try {
    return await client(dir, options).raw([...SETTINGS, ...(options.settings ?? []), ...args]);
  } catch (error) {
    throw toGitFailure(args, dir, error instanceof Error ? error.message : String(error));
  }
}

/** What simple-git wants to be told is meant: it is our own settings and environment that switch these off or over. */
const MEANT = {
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
    unsafe: MEANT,
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

/** What git reads: parts that are at hand, or parts as they come. */
export type GitInput = AsyncIterable<Buffer | string> | readonly (Buffer | string)[];

/** Options of a call with bytes; `expected` are exit statuses beside 0 that are no failure. */
export interface StreamOptions extends GitOptions {
  input?: GitInput;
  expected?: readonly number[];
  /** Milliseconds after which git is killed, which is a failure. */
  timeoutMs?: number;
  /** Takes the output as it comes; then none is collected. `enough` says that no more is wanted. */
  take?: (chunk: Buffer, enough: () => void) => Promise<void> | void;
}

/** Runs git with bytes to its standard input and gives its status and bytes; fails for an unexpected status. */
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
  // Its end is awaited whatever fails, so nothing of the call runs on.
  const parts = [ended, feed(child.stdin, options.input), collect(child.stdout, options.take, enough)] as const;
  try {
    const [status, , output] = await Promise.all(parts);
    const isFine = status === 0 || isEnough || options.expected?.includes(status);
    if (!isFine) throw toGitFailure(args, dir, Buffer.concat(errors).toString('utf8'));
    return { status, output };
  } catch (error) {
    // Without input, and with nobody to read its output, git ends by itself and removes what it had begun.
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
  // Git that ends early is told by its status; the broken pipe says nothing more.
  stdin.on('error', () => undefined);
  for await (const chunk of input ?? []) {
    // Closed with git's end, sometimes without an error before: whoever waited for it to drain would wait for ever.
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
