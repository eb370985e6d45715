/**
 * The interface of everything that the bench compares: open a working copy of the hostile repository, run commands in
 * it, and do the host's usual work with the result.
 * Rule: a runner is used as its documentation says, and everything after a command is done by the host's user.
 */
import type { Host, RunnerName } from './attack.ts';
import type { Ran } from './run-program.ts';

/** The folders of one trial, as absolute paths. */
export interface TrialPlaces {
  /** The hostile repository, bare; the result is delivered to its branch `delivered`. */
  origin: string;
  /** The runner's folder for this trial. */
  place: string;
  /** Folder to which the result is brought, as to another host. */
  elsewhere: string;
  home: string;
}

/** A working copy that a runner has opened. */
export interface Session {
  opened: Pick<Host, 'workspace' | 'store' | 'ref' | 'lock'> & {
    /** Whether the runner is a separate program, so that killing the worker means killing that too. */
    isProgram?: true;
  };
  /** Runs a command by bash, then the host's usual work, whose output is added to the command's. */
  run(command: string, timeoutMs: number): Promise<Ran>;
  /** Applies a patch with the runner's file tool; absent if it has none. */
  patch?(patch: string): Promise<Ran>;
  /** Delivers, hydrates elsewhere, shows the result, and runs the check if there is one. */
  finish(check: string | undefined, timeoutMs: number): Promise<{ output: string; check?: Ran }>;
  close(): Promise<void>;
}

/** A runner as the worker uses it. `settings` is what `prepare` found on this machine. */
export interface Runner {
  open(places: TrialPlaces, settings: Settings): Promise<Session>;
}

/** Facts of this machine, as text. */
export type Settings = Readonly<Record<string, string>>;

/** The state of a runner before any trial. */
export type Prepared =
  | {
      kind: 'ready';
      version: string;
      /** The runner's configuration, as its documentation describes it. */
      configuration: string;
      settings: Settings;
      /** The worker's PATH, if the runner needs programs that this machine lacks. */
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
