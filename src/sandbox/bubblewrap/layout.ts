/**
 * What a sandbox is made of: the layers of its files, its root, its command, and the user that it runs as.
 * Rule: shapes only; what they mean to bubblewrap stands in its arguments.
 */
import type { GuardName } from '../guards.ts';
import type { Limits } from '../limits.ts';
import type { Toolbox } from './toolbox.ts';
import type { Toolchain } from './toolchains.ts';

/**
 * What /workspace is made of: read-only layers, lowest first, and the folder that takes the changes, which is all of it
 * where no layers are below.
 */
export interface Layers {
  lower: readonly string[];
  /** Absent for a view that nobody can write. `work` is overlayfs' own scratch folder on the same file system. */
  upper?: { files: string; work: string };
}

/** A file of ours that one command sees, read-only; a socket can still be connected to. */
export interface Bind {
  source: string;
  target: string;
}

/** The parts of the sandbox that are the same for every command on this host. */
export interface SandboxRoot {
  bubblewrap: string;
  toolbox: Toolbox;
  /** The folder that is /etc inside. */
  etc: string;
  /** Whom commands run as, outside of the sandbox; undefined where they are the worker's own user. */
  user: CommandUser | undefined;
  /** The file with the filter of system calls; undefined on a processor that none was written for. */
  systemCalls: string | undefined;
  /** Tools of the host outside of /usr. */
  toolchains: readonly Toolchain[];
}

/** What runs, over what. */
export interface SandboxCommand {
  layers: Layers;
  env: Record<string, string>;
  command: string | readonly string[];
  binds?: readonly Bind[];
  limits: Limits;
  /** Guards to leave out: for the tests of the guards alone. */
  without?: readonly GuardName[];
}

/** Numbers of the descriptors that bubblewrap gets beyond the standard ones. */
export interface Descriptors {
  /** Takes bubblewrap's own reports. */
  status: number;
  /** Closed before the command starts. */
  closed: readonly number[];
  /** Stays open in the sandbox's first process only. */
  lock?: number;
  /** Says that the user namespace has its ids; `info` must be there beside it. */
  ready?: number;
  info?: number;
  /** Gives the filter of system calls. */
  systemCalls?: number;
}

/** A user by its ids outside of the sandbox. */
export interface CommandUser {
  uid: number;
  gid: number;
}
