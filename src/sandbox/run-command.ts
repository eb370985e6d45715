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
import { defaultLimits } from './limits.ts';
import type { LimitOutcome, Limits } from './limits.ts';
import { groupTree } from './process-tree.ts';
import { exitOf, startSandbox } from './start-sandbox.ts';
import type { Exit, StartedSandbox } from './start-sandbox.ts';
import { watchCommand } from './watch-command.ts';

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
  /** Those that differ from `defaultLimits`. */
  limits?: Partial<Limits>;
}

/** By itself, from outside, or by a limit. */
export type Outcome = 'exited' | 'timed-out' | 'cancelled' | LimitOutcome;

/**
 * How a command ended. `output` is for a model: head and tail of stdout and stderr as they came, cut at about 48 KiB.
 */
export interface CommandResult {
  /** As a shell says it (128 + n after signal n); null when the command was killed from outside. */
  exitCode: number | null;
  signal: string | null;
  outcome: Outcome;
  /** Which limit it was and what was seen of it, where one ended the command; it stands at the end of `output` too. */
  reason?: string;
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
  const folder = layers.upper?.files;
  const result = await superviseProcess(request, { isolation: 'bwrap', folder }, async (pipe) => {
    const limits = limitsOf(request);
    const inside = { layers, network, env, command, limits, ...(binds === undefined ? {} : { binds }) };
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
  // Through sh, which says 127 for a program that is not there.
  const args = ['-c', 'exec "$@"', 'sh', ...commandLine(request.command)];
  const env = { PATH: path, HOME: home, LANG: 'C.UTF-8', TERM: 'dumb', CI: 'true', ...request.env, ...tools };
  return await superviseProcess(request, { isolation: 'none', folder }, async (pipe) => {
    const stdin = request.stdin === undefined ? 'ignore' : 'pipe';
    const child = spawn('/bin/sh', args, {
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

/** `folder` is where the command's changes lie, if it can make any. */
async function superviseProcess(
  request: CommandRequest,
  { isolation, folder }: { isolation: CommandResult['isolation']; folder: string | undefined },
  start: (pipe: OutputPipe) => Promise<Started>,
): Promise<CommandResult> {
  const startedAt = performance.now();
  const rings = new OutputRings();
  let ended: { outcome: Exclude<Outcome, 'exited'>; reason?: string } | undefined;
  const finish = (exit: Exit): CommandResult => {
    const durationMs = Math.round(performance.now() - startedAt);
    const { output, ...facts } = rings.end();
    const result = { ...exit, outcome: 'exited' as const, output, ...facts, durationMs, isolation };
    if (!ended) return result;
    const said = ended.reason === undefined ? '' : `\n[ended: ${ended.reason}]\n`;
    return { ...result, exitCode: null, signal: 'SIGKILL', ...ended, output: `${output}${said}` };
  };
  if (request.signal?.aborted) {
    ended = { outcome: 'cancelled' };
    return finish({ exitCode: null, signal: null });
  }
  const pipe = await openOutputPipe();
  pipe.reader.on('data', (chunk: Buffer) => rings.write(chunk));
  const output = new Promise<void>((resolve) => pipe.reader.on('close', resolve).on('error', () => resolve()));
  let started: Started;
  try {
    started = await start(pipe);
  } finally {
    closeWriteEnd(pipe);
  }
  const { child, tree, exit } = started;
  child.stdin?.on('error', () => undefined).end(request.stdin);
  const end = (outcome: Exclude<Outcome, 'exited'>, reason?: string): void => {
    ended ??= { outcome, ...(reason === undefined ? {} : { reason }) };
    tree.kill();
  };
  const cancel = (): void => end('cancelled');
  const timer = setTimeout(() => end('timed-out'), request.timeoutMs);
  const watch = watchCommand({
    limits: limitsOf(request),
    processes: () => tree.root(),
    outputBytes: () => rings.bytes,
    end,
    ...(folder === undefined ? {} : { folder }),
  });
  request.signal?.addEventListener('abort', cancel, { once: true });
  if (request.signal?.aborted) cancel();
  try {
    const exited = await exit;
    watch.stop();
    await tree.dead();
    const isRead = await Promise.race([output.then(() => true), delay(DRAIN_MS)]);
    pipe.done(isRead === true);
    return finish(exited);
  } catch (error) {
    pipe.done(false);
    throw error;
  } finally {
    watch.stop();
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', cancel);
  }
}

function limitsOf({ limits }: CommandRequest): Limits {
  return { ...defaultLimits(), ...limits };
}

async function delay(ms: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
}
