/**
 * What one command may use, and the words for having used too much.
 * Rule: every limit has a default here with its reason; a caller may give others, a command can't.
 */
import { totalmem } from 'node:os';

/** Limits of one command and all that it starts. */
export interface Limits {
  /** Processes and threads at one time. */
  processes: number;
  /** Open files of one process. */
  openFiles: number;
  /** Of one file; its writer gets SIGXFSZ. */
  fileBytes: number;
  /** Resident memory of all processes, shared pages counted once. */
  memoryBytes: number;
  /** Of each of /tmp, /dev/shm and the home folder, which lie in memory too. */
  temporaryBytes: number;
  /** Files in each of these. */
  temporaryFiles: number;
  /** What the workspace's changes may take on disk, those of earlier commands included. */
  diskBytes: number;
  /** Files and folders among these changes. */
  diskFiles: number;
  /** Neither output nor a hundredth of this time on a processor. */
  idleMs: number;
}

/** Why a command was ended by a limit, beside its time limit. */
export type LimitOutcome = 'idle' | 'out-of-memory' | 'too-many-processes' | 'disk-full';

const GIB = 1024 ** 3;

/** Longest path of a checkpoint: Linux opens none beyond 4,095, and each host puts its own folder before it. */
export const MAX_PATH_BYTES = 3500;
/** What one checkpoint may have beyond its base: whoever fetches the branch gets all of it, holes too. */
export const MAX_CHECKPOINT_BYTES = GIB;

/** The kernel counts the sandbox's own processes too; and who reaches the limit must be seen to have reached it. */
const SPARE_TASKS = 16;

/** The limits of a command whose request names none. */
export function defaultLimits(): Limits {
  return {
    // A test runner with a worker a core, each with a dozen threads, on 64 cores.
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
    // A build that waits so long without any work waits for what never comes.
    idleMs: 5 * 60_000,
  };
}

/** The shell's words that set what the kernel itself limits; each is silent where the host's own limit is lower. */
export function limitScript({ processes, openFiles, fileBytes }: Limits): string {
  const quietly = (line: string): string => `${line} 2>/dev/null`;
  return [
    quietly('ulimit -c 0'),
    quietly(`ulimit -n ${openFiles}`),
    quietly(`ulimit -f ${Math.ceil(fileBytes / 512)}`),
    // In dash and busybox it is p, in bash u.
    `{ ${quietly(`ulimit -p ${processes + SPARE_TASKS}`)} || ${quietly(`ulimit -u ${processes + SPARE_TASKS}`)}; }`,
    // Where the host's memory is out, a command goes before the worker.
    quietly('echo 500 > /proc/self/oom_score_adj'),
  ].join('; ');
}
