/**
 * Runs a program that may hang, and returns how it ended.
 * Rule: the program and its process group always end, at the latest by the timeout or when progress stalls.
 */
import { execa } from 'execa';

export type ProgramEnd =
  | { kind: 'done'; exitCode: number; output: string }
  | { kind: 'absent' }
  | { kind: 'stopped'; reason: string; output: string };

export interface RunProgramOptions {
  /** Timeout of the whole program. */
  timeoutMs: number;
  /** Ends the program when `progress` returns the same value for this long. */
  stallMs?: number;
  /** A number that grows while the program makes progress, such as bytes on disk. */
  progress?: () => Promise<number>;
  /** Set on top of the inherited environment. */
  env?: Record<string, string>;
}

/** Enough for a program's help or the last lines of an error. */
const MAX_OUTPUT_CHARS = 16_000;
const PROGRESS_INTERVAL_MS = 500;

/** Runs `file` with `args`, without a shell or standard input. Never rejects. */
export async function runProgram(file: string, args: string[], options: RunProgramOptions): Promise<ProgramEnd> {
  // In its own process group, so that its child processes can be killed with it.
  const child = execa(file, args, {
    detached: true,
    stdin: 'ignore',
    all: true,
    reject: false,
    env: options.env ?? {},
  });
  let stopped: string | undefined;
  const stop = (reason: string): void => {
    stopped ??= reason;
    killGroup(child.pid);
  };
  const limit = setTimeout(() => stop(`not done after ${options.timeoutMs / 1000} s`), options.timeoutMs);
  const watch = watchProgress(options, stop);
  // The program must not outlive this process. An interrupted download starts again next time.
  const onExit = (): void => killGroup(child.pid);
  process.once('exit', onExit);
  const result = await child;
  clearTimeout(limit);
  clearInterval(watch);
  process.removeListener('exit', onExit);
  const output = result.all.slice(-MAX_OUTPUT_CHARS).trim();
  if (stopped) return { kind: 'stopped', reason: stopped, output };
  if (result.exitCode !== undefined) return { kind: 'done', exitCode: result.exitCode, output };
  if (result.code === 'ENOENT') return { kind: 'absent' };
  return { kind: 'stopped', reason: result.shortMessage ?? 'it was killed', output };
}

function watchProgress(options: RunProgramOptions, stop: (reason: string) => void): NodeJS.Timeout | undefined {
  const { progress, stallMs } = options;
  if (!progress || !stallMs) return undefined;
  let best = 0;
  let movedAt = Date.now();
  return setInterval(async () => {
    const now = await progress();
    if (now > best) {
      best = now;
      movedAt = Date.now();
    } else if (Date.now() - movedAt > stallMs) {
      stop(`nothing came for ${stallMs / 1000} s`);
    }
  }, PROGRESS_INTERVAL_MS);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
