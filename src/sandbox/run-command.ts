/**
 * Runs one command to the death of its whole process tree, in the sandbox or directly, and says how it ended.
 * Rule: a command is over only when everything that it started is dead; output of any size takes constant memory.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Readable } from 'node:stream';
import { bwrapArguments, commandLine } from './bwrap-arguments.ts';
import type { Bind, Layers, SandboxRoot } from './bwrap-arguments.ts';
import { inheritedDescriptors } from './inherited-descriptors.ts';
import { closeWriteEnd, openOutputPipe } from './output-pipe.ts';
import type { OutputPipe } from './output-pipe.ts';
import { OutputRings } from './output-rings.ts';
import { SandboxError } from './sandbox-error.ts';
import { groupTree, pidNamespaceTree } from './process-tree.ts';
import type { ProcessTree } from './process-tree.ts';

/** One command: a line for `sh -c`, or a program and its arguments. */
export interface CommandRequest {
  command: string | readonly string[];
  /** What it may write: nothing but /tmp, the workspace, or the layer that `setup` makes. */
  profile: 'read-only' | 'workspace' | 'setup';
  network: boolean;
  timeoutMs: number;
  env?: Record<string, string>;
  stdin?: string;
  signal?: AbortSignal;
}

/**
 * How a command ended. `output` is for a model: head and tail of stdout and stderr as they came, cut at about 48 KiB.
 */
export interface CommandResult {
  /** As a shell says it (128 + n after signal n); null when the command was killed from outside. */
  exitCode: number | null;
  signal: string | null;
  outcome: 'exited' | 'timed-out' | 'cancelled';
  output: string;
  outputBytes: number;
  /** SHA-256 of all bytes of the output, in hex. */
  outputDigest: string;
  durationMs: number;
  isolation: 'bwrap' | 'none';
}

/**
 * After the tree's death the pipe's rest is read at once; only a survivor without isolation could hold it open longer.
 */
const DRAIN_MS = 500;
/** Bubblewrap's first report comes within milliseconds; a kill waits for it, to be able to see the whole tree die. */
const REPORT_MS = 5_000;

/**
 * Runs a command in the sandbox over these layers. `lockFd` stays locked for as long as the sandbox lives; `binds` are
 * more files of ours that it sees.
 */
export async function runInSandbox(
  root: SandboxRoot,
  { layers, request, lockFd, binds }: { layers: Layers; request: CommandRequest; lockFd?: number; binds?: Bind[] },
): Promise<CommandResult> {
  const { command, network, env = {} } = request;
  const args = bwrapArguments(root, {
    layers,
    network,
    env,
    command,
    statusFd: 3,
    ...(binds === undefined ? {} : { binds }),
    ...(lockFd === undefined ? {} : { lockFd: 4 }),
  });
  let report = '';
  const result = await superviseProcess(request, 'bwrap', (pipe) => {
    const stdio = sandboxStdio(request, pipe.writeFd, lockFd);
    // An empty environment, since bubblewrap's own can be read inside at /proc/1/environ.
    const child = spawn(root.bubblewrap, args, { env: {}, stdio, cwd: '/' });
    const reports = child.stdio[3] as Readable;
    reports.on('data', (chunk: Buffer) => (report += chunk.toString()));
    return { child, tree: pidNamespaceTree(child, reports, REPORT_MS) };
  });
  if (result.outcome === 'exited' && result.signal === null && !report.includes('"exit-code"')) {
    const message = `bubblewrap could not set up the sandbox: ${result.output.trim()}`;
    throw new SandboxError('isolation', message, { exitCode: result.exitCode });
  }
  return result;
}

/**
 * Descriptors of the child: stdin, both outputs in one pipe, bubblewrap's reports, the lock; whatever else would be
 * inherited is /dev/null.
 */
function sandboxStdio(request: CommandRequest, writeFd: number, lockFd: number | undefined): StdioOptions {
  const stdio: Exclude<StdioOptions, string> = [
    request.stdin === undefined ? 'ignore' : 'pipe',
    writeFd,
    writeFd,
    'pipe',
  ];
  if (lockFd !== undefined) stdio[4] = lockFd;
  const { nullFd, inherited } = inheritedDescriptors();
  for (const fd of inherited) {
    while (stdio.length < fd) stdio.push('ignore');
    stdio[fd] ??= nullFd;
  }
  return stdio;
}

/**
 * Runs a command without isolation in `folder`: its own process group, a minimal environment. A process that leaves
 * the group can survive.
 */
export async function runDirectly(
  { folder, path, home, tools }: { folder: string; path: string; home: string; tools: Record<string, string> },
  request: CommandRequest,
): Promise<CommandResult> {
  const [program = '/bin/sh', ...args] = commandLine(request.command);
  const env = { PATH: path, HOME: home, LANG: 'C.UTF-8', TERM: 'dumb', CI: 'true', ...request.env, ...tools };
  return await superviseProcess(request, 'none', (pipe) => {
    const stdin = request.stdin === undefined ? 'ignore' : 'pipe';
    const child = spawn(program, args, {
      cwd: folder,
      env,
      detached: true,
      stdio: [stdin, pipe.writeFd, pipe.writeFd],
    });
    return { child, tree: groupTree(child) };
  });
}

async function superviseProcess(
  request: CommandRequest,
  isolation: 'bwrap' | 'none',
  start: (pipe: OutputPipe) => { child: ChildProcess; tree: ProcessTree },
): Promise<CommandResult> {
  const startedAt = performance.now();
  const rings = new OutputRings();
  const finish = (end: Pick<CommandResult, 'exitCode' | 'signal' | 'outcome'>): CommandResult => ({
    ...end,
    ...rings.end(),
    durationMs: Math.round(performance.now() - startedAt),
    isolation,
  });
  if (request.signal?.aborted) return finish({ exitCode: null, signal: null, outcome: 'cancelled' });
  const pipe = await openOutputPipe();
  pipe.reader.on('data', (chunk: Buffer) => rings.write(chunk));
  const output = new Promise<void>((resolve) => pipe.reader.on('close', resolve).on('error', () => resolve()));
  let started: { child: ChildProcess; tree: ProcessTree };
  try {
    started = start(pipe);
  } finally {
    closeWriteEnd(pipe);
  }
  const { child, tree } = started;
  child.stdin?.on('error', () => undefined).end(request.stdin);
  let outcome: CommandResult['outcome'] = 'exited';
  const end = (why: 'timed-out' | 'cancelled'): void => {
    if (outcome === 'exited') outcome = why;
    tree.kill();
  };
  const cancel = (): void => end('cancelled');
  const timer = setTimeout(() => end('timed-out'), request.timeoutMs);
  request.signal?.addEventListener('abort', cancel, { once: true });
  try {
    const exit = await exitOf(child);
    await tree.dead();
    const ended = await Promise.race([output.then(() => true), delay(DRAIN_MS)]);
    pipe.done(ended === true);
    return finish(outcome === 'exited' ? { ...exit, outcome } : { exitCode: null, signal: 'SIGKILL', outcome });
  } catch (error) {
    pipe.done(false);
    throw error;
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', cancel);
  }
}

async function exitOf(child: ChildProcess): Promise<{ exitCode: number | null; signal: string | null }> {
  return await new Promise((resolve, reject) => {
    child.on('error', (error) => {
      reject(new SandboxError('isolation', `can't start ${child.spawnfile}: ${error.message}`, {}, error));
    });
    child.on('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

async function delay(ms: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
}
