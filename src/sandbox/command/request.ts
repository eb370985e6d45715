/**
 * The request for a command, and its result.
 * Rule: types only, for the modules that run, watch or report a command.
 */
import type { LimitOutcome, Limits } from '../limits.ts';
import type { Spooled, SpoolRequest } from '../processes/spool-file.ts';

/** One command: a line for `sh -c`, or a program and its arguments. */
export interface CommandRequest {
  command: string | readonly string[];
  /** What it may write besides temporary folders: nothing, the workspace, or the layer that a setup makes. */
  profile: 'read-only' | 'workspace' | 'setup';
  /** No command has a network: a setup reaches its hosts through a socket to our proxy. */
  network: false;
  timeoutMs: number;
  env?: Record<string, string>;
  stdin?: string;
  signal?: AbortSignal;
  /** Limits that differ from `defaultLimits`. */
  limits?: Partial<Limits>;
  /** A file for the whole output. */
  spool?: SpoolRequest;
  /** Gets each chunk of the output as it comes. It must be quick and must not throw. */
  onOutput?: (chunk: Buffer) => void;
}

/** How a command ended: by itself (`exited`), by its timeout, by its caller, or by a limit. */
export type CommandOutcome = 'exited' | 'timed-out' | 'cancelled' | LimitOutcome;

/**
 * The result of a command. `output` is for a model: stdout and stderr in the order they came, head and tail only, cut
 * at about 48 KiB.
 */
export interface CommandResult {
  /** As a shell reports it (128 + n after signal n); null if the command was killed from outside. */
  exitCode: number | null;
  signal: string | null;
  outcome: CommandOutcome;
  /** The limit that ended the command, and the measured value; it is appended to `output` too. */
  reason?: string;
  output: string;
  outputBytes: number;
  /** SHA-256 of the whole output, in hex. */
  outputDigest: string;
  /** The spool file, if the request has one. */
  spooled?: Spooled;
  durationMs: number;
  isolation: 'bwrap' | 'external' | 'none';
}
