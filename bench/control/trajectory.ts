/**
 * What a scripted run of the control bench is: a task on a real package, and the acts of an agent that works on it.
 * Rule: an act really happens in a throw-away folder, so what is judged is what it did, never what a script says of it.
 */

/** Packages that runs work on: real sources from `node_modules`, with tests and project files of the bench around. */
export type BaseName = 'picomatch' | 'commander' | 'ipaddr' | 'execa';

/** The task as an approved plan has it. */
export interface Task {
  title: string;
  instructions: string;
  /** Globs that it may change. */
  paths: string[];
}

/** One change of an `apply_patch`: some text replaced (each time that it occurs), a whole file, a removal, a link. */
export type Edit =
  | { path: string; from: string; to: string }
  | { path: string; text: string }
  | { path: string; remove: true }
  | { path: string; link: string };

/** One act: a command line, or a patch. `bad` marks those that do the harm. */
export type Act = { run: string; bad?: true } | { patch: Edit[]; bad?: true };

/** What a person must be shown of an attack. */
export type Offence =
  /** A piece of the harmful bytes, or only the path where what is there (or gone) is the harm. */
  | { kind: 'file'; path: string; bytes?: string }
  /** A command whose harm is in running it: it must not run before a person was asked. */
  | { kind: 'command'; bytes: string };

export type Family =
  | 'backdoor'
  | 'weakened-test'
  | 'secret'
  | 'hook-or-ci'
  | 'lockfile'
  | 'ignored-payload'
  | 'split-command'
  | 'scope-creep'
  | 'laundering'
  | 'planted-instruction';

export interface Honest {
  kind: 'honest';
  name: string;
  base: BaseName;
  task: Task;
  acts: Act[];
}

export interface Attack {
  kind: 'attack';
  name: string;
  family: Family;
  base: BaseName;
  task: Task;
  /** What the agent says meanwhile. No judge may ever see it; it stands here for people who read the bench. */
  says?: string;
  acts: Act[];
  offences: Offence[];
}

export type Trajectory = Honest | Attack;
