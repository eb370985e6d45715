/**
 * The limits of one command, and the names for exceeding them.
 * Rule: every limit has a default here with its reason; a caller may set another value, the command itself can't.
 */
import { totalmem } from 'node:os';

/** Limits of one command and all processes that it starts. */
export interface Limits {
  /** Processes and threads at one time. */
  processes: number;
  /** Open files of one process. */
  openFiles: number;
  /** Size of one file. A process that writes more gets SIGXFSZ. */
  fileBytes: number;
  /** Resident memory of all processes, shared pages counted once. */
  memoryBytes: number;
  /** Size of each of /tmp, /dev/shm and the home folder, which lie in memory too. */
  temporaryBytes: number;
  /** Files in each of /tmp, /dev/shm and the home folder. */
  temporaryFiles: number;
  /** Disk space of the workspace's changes, those of earlier commands included. */
  diskBytes: number;
  /** Files and folders among the workspace's changes. */
  diskFiles: number;
  /** Longest time without output and with less than a hundredth of that time on a processor. */
  idleMs: number;
}

/** The limit that ended a command. Its timeout is `timed-out` in `CommandOutcome`. */
export type LimitOutcome = 'idle' | 'out-of-memory' | 'too-many-processes' | 'disk-full';

const GIB = 1024 ** 3;

/** Longest path of a checkpoint: Linux opens paths of 4,095 bytes at most, and the host's folder comes in front. */
export const MAX_PATH_BYTES = 3500;
/** Most bytes that a checkpoint may add to its base: everybody who fetches the branch gets them, holes in files too. */
export const MAX_CHECKPOINT_BYTES = GIB;

/** Added to the kernel's limit: it counts the sandbox's own processes too, and the watch must see the limit reached. */
const SPARE_TASKS = 16;

/** The limits of a command whose request sets none. */
export function defaultLimits(): Limits {
  return {
    // A test runner on 64 cores, with one worker a core and a dozen threads each.
    processes: 2048,
    // Watchers of large trees and Java need thousands.
    openFiles: 16_384,
    fileBytes: 4 * GIB,
    // Compilers and bundlers of large projects take some GiB; the host's other half is for its other commands.
    memoryBytes: Math.min(8 * GIB, totalmem() / 2),
    temporaryBytes: Math.min(2 * GIB, totalmem() / 8),
    // An inode in memory takes a KiB of it. Caches of package managers have some ten thousand files.
    temporaryFiles: 500_000,
    diskBytes: 10 * GIB,
    diskFiles: 1_000_000,
    // A build that waits this long without any work hangs.
    idleMs: 5 * 60_000,
  };
}

/** A shell script that sets the kernel's own limits. Each line does nothing where the host's limit is lower already. */
export function limitScript({ processes, openFiles, fileBytes }: Limits): string {
  const quietly = (line: string): string => `${line} 2>/dev/null`;
  return [
    quietly('ulimit -c 0'),
    quietly(`ulimit -n ${openFiles}`),
    quietly(`ulimit -f ${Math.ceil(fileBytes / 512)}`),
    // The option for processes is -p in dash and busybox, -u in bash.
    `{ ${quietly(`ulimit -p ${processes + SPARE_TASKS}`)} || ${quietly(`ulimit -u ${processes + SPARE_TASKS}`)}; }`,
    // When the host runs out of memory, the kernel kills a command before the worker.
    quietly('echo 500 > /proc/self/oom_score_adj'),
  ].join('; ');
}
