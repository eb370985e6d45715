/**
 * The parts of a sandbox: the layers of its files, its root, its command, and the user that the command runs as.
 * Rule: types only; `arguments.ts` and `root-arguments.ts` turn them into arguments for bubblewrap.
 */
import type { GuardName } from '../guards.ts';
import type { Limits } from '../limits.ts';
import type { Toolbox } from './toolbox.ts';
import type { Toolchain } from './toolchains.ts';

/**
 * The parts of /workspace: read-only layers, lowest first, and the folder that takes the changes. Without read-only
 * layers that folder is the whole workspace.
 */
export interface Layers {
  lower: readonly string[];
  /** Absent for a read-only view. `work` is overlayfs' own scratch folder on the same file system. */
  upper?: { files: string; work: string };
}

/** A host file that one command sees, read-only; a socket can still be connected to. */
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
  /** The host user that commands run as; undefined if it is the worker's own. */
  user: CommandUser | undefined;
  /** The file with the system call filter; undefined on a processor that has none. */
  systemCalls: string | undefined;
  /** Tools of the host outside of /usr. */
  toolchains: readonly Toolchain[];
}

/** A command and the layers that it runs over. */
export interface SandboxCommand {
  layers: Layers;
  env: Record<string, string>;
  command: string | readonly string[];
  binds?: readonly Bind[];
  limits: Limits;
  /** Guards to switch off. Only the guards' own tests set it. */
  without?: readonly GuardName[];
}

/**
 * What connects a sandbox with the process that starts it: numbers of the descriptors that bubblewrap gets beyond the
 * standard ones, and the word of that process's last will.
 */
export interface Descriptors {
  lastWill: string;
  /** Where bubblewrap writes its reports. */
  status: number;
  /** Closed before the command starts. */
  closed: readonly number[];
  /** Stays open in the sandbox's first process only. */
  lock?: number;
  /** Written when the ids of the user namespace are mapped. Bubblewrap needs `info` along with it. */
  ready?: number;
  info?: number;
  /** Holds the system call filter. */
  systemCalls?: number;
}

/** A user, by its ids on the host. */
export interface CommandUser {
  uid: number;
  gid: number;
}
