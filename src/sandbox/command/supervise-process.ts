/**
 * Supervises a started command until it ends by itself, or kills it for a limit, its timeout or its caller.
 * Rule: a command is over only when every process that it started is dead; output of any size takes constant memory.
 */
import type { Readable, Writable } from 'node:stream';
import type { Exit } from '../../programs/child.ts';
import type { CommandRequest, CommandResult, CommandOutcome } from './request.ts';
import { isGuarded } from '../guards.ts';
import type { GuardName } from '../guards.ts';
import type { Limits } from '../limits.ts';
import { defaultLimits } from '../limits.ts';
import { closeWriteEnd, openOutputPipe } from '../processes/output-pipe.ts';
import type { OutputPipe } from '../processes/output-pipe.ts';
import { OutputRings } from '../processes/output-rings.ts';
import { TEMPORARY_FOLDERS } from '../bubblewrap/root-arguments.ts';
import { SpoolFile } from '../processes/spool-file.ts';
import type { ProcessTree } from '../processes/process-tree.ts';
import { watchCommand } from './watch-command.ts';

/** How long to wait for the output's end without a PID namespace, where a surviving process can hold it open. */
const DRAIN_MS = 500;

/** A shell's exit status for a program that exists but can't be run. */
const CANNOT_RUN = 126;
/** The kernel takes 128 KiB in one argument, and 2 MiB (a quarter of the stack) in all, variables included. */
const MAX_WORD_BYTES = 128 * 1024 - 1;
const MAX_LINE_BYTES = 1024 * 1024;

/** A command that was started. */
export interface Started {
  /** Undefined if the request has no input. */
  stdin: Writable | undefined;
  tree: ProcessTree;
  exit: Promise<Exit>;
}

/** How a command runs, apart from its request. `folder` holds its changes, if it can make any. */
export interface Surroundings {
  isolation: CommandResult['isolation'];
  folder?: string | undefined;
  without?: readonly GuardName[];
}

/** Starts a command with its output in a pipe, and supervises it until it ends. */
export async function superviseProcess(
  request: CommandRequest,
  surroundings: Surroundings,
  start: (pipe: OutputPipe) => Promise<Started>,
): Promise<CommandResult> {
  const startedAt = performance.now();
  const capture = new Capture(request);
  const finish = async (exit: Exit, ended?: Ending): Promise<CommandResult> => {
    const durationMs = Math.round(performance.now() - startedAt);
    const captured = await capture.end(ended?.reason);
    const end = ended ? { exitCode: null, signal: 'SIGKILL', ...ended } : { ...exit, outcome: 'exited' as const };
    return { ...end, ...captured, durationMs, isolation: surroundings.isolation };
  };
  if (request.signal?.aborted) return await finish({ exitCode: null, signal: null }, { outcome: 'cancelled' });
  const refusal = findRefusal(request);
  if (refusal !== undefined) {
    capture.write(Buffer.from(`sh: ${refusal}\n`));
    return await finish({ exitCode: CANNOT_RUN, signal: null });
  }
  const pipe = await openOutputPipe();
  const isRead = capture.read(pipe.reader);
  let supervision: Supervision | undefined;
  try {
    const started = await start(pipe).finally(() => closeWriteEnd(pipe));
    supervision = new Supervision(request, surroundings, started, () => capture.bytes);
    started.stdin?.on('error', () => undefined).end(request.stdin);
    const exit = await started.exit;
    supervision.stop();
    await started.tree.dead();
    const mayStayOpen = started.tree.root()?.kind === 'group';
    pipe.done((await Promise.race([isRead, ...(mayStayOpen ? [delay(DRAIN_MS)] : [])])) === true);
    return await finish(exit, supervision.ended);
  } catch (error) {
    pipe.done(false);
    throw error;
  } finally {
    supervision?.stop();
  }
}

/** Why the kernel would refuse this command line. That is a failure of the command, not of the host. */
function findRefusal({ command }: CommandRequest): string | undefined {
  const words = typeof command === 'string' ? [command] : command;
  if (words.some((word) => word.includes('\0'))) return 'a command line has no NUL bytes';
  const bytes = words.map((word) => Buffer.byteLength(word));
  const isLong =
    bytes.some((each) => each > MAX_WORD_BYTES) || bytes.reduce((sum, each) => sum + each, 0) > MAX_LINE_BYTES;
  return isLong ? 'Argument list too long' : undefined;
}

/** The request's limits, with defaults. */
export function commandLimitsOf({ limits }: CommandRequest): Limits {
  return { ...defaultLimits(), ...limits };
}

interface Ending {
  outcome: Exclude<CommandOutcome, 'exited'>;
  reason?: string;
}

/** Everything that may end a running command. The first cause is the one in the result. */
class Supervision {
  readonly #stops: (() => void)[] = [];
  ended: Ending | undefined;

  constructor(
    request: CommandRequest,
    { isolation, folder, without = [] }: Surroundings,
    { tree }: Started,
    outputBytes: () => number,
  ) {
    const end = (outcome: Ending['outcome'], reason?: string): void => {
      this.ended ??= { outcome, ...(reason === undefined ? {} : { reason }) };
      tree.kill();
    };
    const timer = setTimeout(() => end('timed-out'), request.timeoutMs);
    const cancel = (): void => end('cancelled');
    request.signal?.addEventListener('abort', cancel, { once: true });
    if (request.signal?.aborted) cancel();
    this.#stops.push(
      () => clearTimeout(timer),
      () => request.signal?.removeEventListener('abort', cancel),
    );
    if (!isGuarded({ without }, 'watch')) return;
    const temporaryFolders = isolation === 'bwrap' ? TEMPORARY_FOLDERS : [];
    const watched = {
      limits: commandLimitsOf(request),
      processes: () => tree.root(),
      outputBytes,
      end,
      temporaryFolders,
    };
    const watch = watchCommand(folder === undefined ? watched : { ...watched, folder });
    this.#stops.push(() => watch.stop());
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}

/** Captures the output: head and tail in memory, and the whole of it in a spool file if the request has one. */
class Capture {
  readonly #rings = new OutputRings();
  readonly #spool: SpoolFile | undefined;
  readonly #onOutput: CommandRequest['onOutput'];

  constructor({ spool, onOutput }: CommandRequest) {
    this.#spool = spool && new SpoolFile(spool);
    this.#onOutput = onOutput;
  }

  get bytes(): number {
    return this.#rings.bytes;
  }

  write(chunk: Buffer, source?: Readable): void {
    this.#rings.write(chunk);
    this.#spool?.write(chunk, source);
    this.#onOutput?.(chunk);
  }

  /** Resolves when everything has been read. */
  async read(source: Readable): Promise<boolean> {
    source.on('data', (chunk: Buffer) => this.write(chunk, source));
    return await new Promise((resolve) => source.on('close', () => resolve(true)).on('error', () => resolve(true)));
  }

  async end(reason?: string): Promise<Pick<CommandResult, 'output' | 'outputBytes' | 'outputDigest' | 'spooled'>> {
    const { output, ...facts } = this.#rings.end();
    const spooled = await this.#spool?.end();
    const said = reason === undefined ? '' : `\n[ended: ${reason}]\n`;
    return { ...facts, output: `${output}${said}`, ...(spooled ? { spooled } : {}) };
  }
}

async function delay(ms: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
}
