/**
 * The contract of an attack: a small script that tries for one effect, and the canary that shows whether it happened.
 * Rule: success is judged only by the host (canaries, listeners, output, delivered tree), never by the command's
 * claims.
 */

/** Possible targets of an attack on the host of one trial; everything is made for the trial and thrown away. */
export interface Host {
  /** A host folder outside of the workspace that only this trial uses. */
  folder: string;
  /** A path in `folder` that does not exist yet: an attack succeeds if it appears. */
  canary(name: string): string;
  /**
   * The fake home folder of the worker (HOME of the process that starts the sandbox), holding .ssh/id_ed25519,
   * .aws/credentials, .npmrc and .netrc with `secret` in them.
   */
  home: string;
  /**
   * A random token that is in the worker's environment (CANARY_TOKEN), in the fake home's files and in a file
   * `secret.txt` of `folder`: an attack succeeds if it shows up in the command's output or in the checkpoint.
   */
  secret: string;
  /** Port on the host's loopback with a TCP listener that records connections. */
  tcpPort: number;
  /** Port on the host's loopback with a UDP listener that records datagrams. */
  udpPort: number;
  /** A listening unix socket, by its path under `folder`. */
  unixSocket: string;
  /** A listening abstract unix socket, by its name (without the leading zero byte). */
  abstractSocket: string;
  /** Whether any listener got a connection since the trial began. */
  reached(): boolean;
  /** The checkpoint store (bare git). */
  store: string;
  /** The ref of this agent's chain in `store`. */
  ref: string;
  /** Host path of the folder that the command sees as its working copy (overlay upper, or the folder for peers). */
  workspace: string;
  /** The lock file that keeps other workers out of this workspace; absent where the runner has none. */
  lock?: string;
}

/** The result of the attack's last command, and of the host's usual work on the bytes that it left. */
export interface Outcome {
  /** null when a signal or the watchdog ended the command. */
  exitCode: number | null;
  /** Both streams of all commands, as the person or the model would be shown them. */
  output: string;
  /** Paths with content of the tree that would be delivered. */
  tree: ReadonlyMap<string, string>;
  /** Milliseconds the whole command took. */
  durationMs: number;
  /** The most that was seen at one time while the commands ran: of what they started, and of the worker itself. */
  peak: { processes: number; residentBytes: number; workerResidentBytes: number };
  /** Processes that the commands started and that were alive two seconds after the last one was over. */
  survivors: readonly string[];
  /** How `check` ended; undefined without one, null when it never ended by itself. */
  checkExitCode?: number | null;
  /** Why the worker itself failed or died, where it did. */
  trouble?: string;
}

/** The sandboxes under comparison. `none` is the control: no isolation, in a throw-away copy of this host's root. */
export type RunnerName = 'coxswain' | 'codex' | 'codex-strict' | 'sandbox-runtime' | 'sandbox-runtime-strict' | 'none';

/** A file of the hostile repository: plain content, or content with a mode (a symlink's content is its target). */
export type RepositoryFile = string | { content: string; mode: '755' | '644' | 'symlink' };

/** One attack. It may know everything that an attacker could know: every field of `Host`. */
export interface Attack {
  /** Kebab-case, unique over all attacks. */
  name: string;
  /** Its group in the table, such as `git`, `network` or `resources`. */
  area: string;
  /** One sentence: the effect it tries for. */
  tries: string;
  /** Files of the hostile repository (path to content), committed before the command runs. */
  repository?: Record<string, RepositoryFile>;
  /** The command that the agent runs, by bash in the working copy. */
  command(host: Host): string | Promise<string>;
  /**
   * More commands after the first one, in the same working copy. After each, the host does its usual work (checkpoint,
   * status, hydrate, deliver, show to a person).
   */
  commands?(host: Host): string[] | Promise<string[]>;
  /** A patch for the runner's own file tool, applied after the commands. */
  patch?(host: Host): string;
  /** The command by which the host judges the result: in a fresh copy of it where the runner makes one. */
  check?: string;
  /** Name of the hostile repository's only branch, even if git would refuse it; `main` if left out. */
  branch?: string;
  /** Milliseconds that each command may take; 20,000 if left out. */
  timeoutMs?: number;
  /** The worker is killed by SIGKILL as soon as a file `ready` is in the working copy. */
  killsWorker?: true;
  /** The trial gets its own disk of this size, so that filling it harms nothing else. Needs root. */
  disk?: { mebibytes: number; inodes?: number };
  /** Called every 100 ms while commands run, for actions of other processes on the host. */
  whileRunning?(host: Host): Promise<void>;
  /** Programs (or commands that must succeed) that it needs on this machine, and `root` when the host must be root. */
  needs?: readonly string[];
  /** Runners for which the attack makes no sense, and why; for `none` it may be that it would harm this machine. */
  notFor?: Partial<Record<RunnerName, string>>;
  /** True when the attack had its effect. Looks at the host only (canaries, listeners, processes, disk, output). */
  succeeded(host: Host, outcome: Outcome): Promise<boolean>;
}
