/**
 * A command as it is asked for, and what became of it.
 * Rule: shapes only, for all who run, watch or report a command.
 */
import type { LimitOutcome, Limits } from '../limits.ts';
import type { Spooled, SpoolRequest } from '../processes/spool-file.ts';

/** One command: a line for `sh -c`, or a program and its arguments. */
export interface CommandRequest {
  command: string | readonly string[];
  /** What it may write: nothing but /tmp, the workspace, or the layer that `setup` makes. */
  profile: 'read-only' | 'workspace' | 'setup';
  /** None has one: a setup reaches its hosts through a socket to our proxy. */
  network: false;
  timeoutMs: number;
  env?: Record<string, string>;
  stdin?: string;
  signal?: AbortSignal;
  /** Those that differ from `defaultLimits`. */
  limits?: Partial<Limits>;
  /** A file for the whole output. */
  spool?: SpoolRequest;
}

/** By itself, from outside, or by a limit. */
export type CommandOutcome = 'exited' | 'timed-out' | 'cancelled' | LimitOutcome;

/**
 * How a command ended. `output` is for a model: head and tail of stdout and stderr as they came, cut at about 48 KiB.
 */
export interface CommandResult {
  /** As a shell says it (128 + n after signal n); null when the command was killed from outside. */
  exitCode: number | null;
  signal: string | null;
  outcome: CommandOutcome;
  /** Which limit it was and what was seen of it, where one ended the command; it stands at the end of `output` too. */
  reason?: string;
  output: string;
  outputBytes: number;
  /** SHA-256 of all bytes of the output, in hex. */
  outputDigest: string;
  /** What became of the spool file, where one was asked for. */
  spooled?: Spooled;
  durationMs: number;
  isolation: 'bwrap' | 'external' | 'none';
}
