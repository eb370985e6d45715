/**
 * Runs one command to the death of its whole process tree, in the sandbox or directly, and says how it ended.
 * Rule: a command is over only when everything that it started is dead; output of any size takes constant memory.
 */
import { spawn } from 'node:child_process';
import { commandLine } from './bwrap-arguments.ts';
import type { Bind, Layers, SandboxRoot } from './bwrap-arguments.ts';
import { closeWriteEnd, openOutputPipe } from './output-pipe.ts';
import type { OutputPipe } from './output-pipe.ts';
import { OutputRings } from './output-rings.ts';
import { SandboxError } from './sandbox-error.ts';
import { groupTree } from './process-tree.ts';
import { exitOf, startSandbox } from './start-sandbox.ts';
import type { StartedSandbox } from './start-sandbox.ts';

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

/**
 * Runs a command in the sandbox over these layers. `lockFd` stays locked for as long as the sandbox lives; `binds` are
 * more files of ours that it sees.
 */
export async function runInSandbox(
  root: SandboxRoot,
  { layers, request, lockFd, binds }: { layers: Layers; request: CommandRequest; lockFd?: number; binds?: Bind[] },
): Promise<CommandResult> {
  const { command, network, env = {} } = request;
  let sandbox: StartedSandbox | undefined;
  const result = await superviseProcess(request, 'bwrap', async (pipe) => {
    const inside = { layers, network, env, command, ...(binds === undefined ? {} : { binds }) };
    const stdin = request.stdin === undefined ? 'ignore' : 'pipe';
    const lock = lockFd === undefined ? {} : { lockFd };
    return (sandbox = await startSandbox(root, inside, { stdin, output: pipe.writeFd, ...lock }));
  });
  if (result.outcome === 'exited') sandbox?.mustHaveStarted(result.output);
  return result;
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
  return await superviseProcess(request, 'none', async (pipe) => {
    const stdin = request.stdin === undefined ? 'ignore' : 'pipe';
    const child = spawn(program, args, {
      cwd: folder,
      env,
      detached: true,
      stdio: [stdin, pipe.writeFd, pipe.writeFd],
    });
    return await Promise.resolve({ child, exit: exitOf(child), tree: groupTree(child) });
  });
}

/** A command that was started. */
type Started = Pick<StartedSandbox, 'child' | 'tree' | 'exit'>;

async function superviseProcess(
  request: CommandRequest,
  isolation: 'bwrap' | 'none',
  start: (pipe: OutputPipe) => Promise<Started>,
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
  let started: Started;
  try {
    started = await start(pipe);
  } finally {
    closeWriteEnd(pipe);
  }
  const { child, tree, exit: exited } = started;
  child.stdin?.on('error', () => undefined).end(request.stdin);
  let outcome: CommandResult['outcome'] = 'exited';
  const end = (why: 'timed-out' | 'cancelled'): void => {
    if (outcome === 'exited') outcome = why;
    tree.kill();
  };
  const cancel = (): void => end('cancelled');
  const timer = setTimeout(() => end('timed-out'), request.timeoutMs);
  request.signal?.addEventListener('abort', cancel, { once: true });
  if (request.signal?.aborted) cancel();
  try {
    const exit = await exited;
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

async function delay(ms: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
}
