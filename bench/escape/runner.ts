/**
 * The one interface of everything that the bench compares: open a working copy of the hostile repository, run commands
 * in it, and do with the result what the host's ordinary life does.
 * Rule: a runner is used as its own documentation says, and everything after a command is done by the host's user.
 */
import type { Host, RunnerName } from './attack.ts';
import type { Ran } from './run-program.ts';

/** Where one trial takes place; absolute paths. */
export interface TrialPlaces {
  /** The hostile repository, bare; the result is delivered to its branch `delivered`. */
  origin: string;
  /** The runner's own folder of this trial. */
  place: string;
  /** Where the result is brought to, as to another host. */
  elsewhere: string;
  home: string;
}

/** A working copy that a runner has opened. */
export interface Session {
  opened: Pick<Host, 'workspace' | 'store' | 'ref' | 'lock'> & {
    /** Whether the runner is a program of its own, so that killing the worker means killing that too. */
    isProgram?: true;
  };
  /** Runs a command by bash, then what the host does after each: its output is part of the output. */
  run(command: string, timeoutMs: number): Promise<Ran>;
  /** Applies a patch by the runner's own file tool; absent where it has none. */
  patch?(patch: string): Promise<Ran>;
  /** Delivers, hydrates elsewhere, shows, and judges by a check where there is one. */
  finish(check: string | undefined, timeoutMs: number): Promise<{ output: string; check?: Ran }>;
  close(): Promise<void>;
}

/** A runner as the worker knows it. `settings` is what `prepare` found on this machine. */
export interface Runner {
  open(places: TrialPlaces, settings: Settings): Promise<Session>;
}

/** Facts of this machine, as text. */
export type Settings = Readonly<Record<string, string>>;

/** What the bench knows of a runner before any trial. */
export type Prepared =
  | {
      kind: 'ready';
      version: string;
      /** How it is configured, in the words of its own documentation. */
      configuration: string;
      settings: Settings;
      /** The worker's PATH, where the runner needs programs that this machine lacks. */
      path?: string;
    }
  | { kind: 'absent'; why: string };

/** All runners, in the order of the table's columns; `none` is the control. */
export const RUNNERS: readonly RunnerName[] = [
  'coxswain',
  'codex',
  'codex-strict',
  'sandbox-runtime',
  'sandbox-runtime-strict',
  'none',
];
