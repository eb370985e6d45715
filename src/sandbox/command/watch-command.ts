/**
 * Ends a command that exceeds its limits, by regular looks at its processes, memory, temporary files and disk.
 * Rule: the closer a limit, the more frequent the looks, so that no limit is exceeded by much.
 */
import { statfsSync } from 'node:fs';
import { DiskWatch } from './disk-usage.ts';
import type { LimitOutcome, Limits } from '../limits.ts';
import { processesBelow, readProportionalBytes, readProcessUsage } from '../processes/process-usage.ts';
import type { Processes, ProcessUsage } from '../processes/process-usage.ts';
import type { TreeRoot } from '../processes/process-tree.ts';

/** Between two looks where no limit is near. */
const LOOK_MS = 250;
const MIN_LOOK_MS = 10;
/** The fastest filling of memory that was measured on two cores. */
const BYTES_PER_MS = 4_000_000;
/** Reading PSS takes some ms: it is read again only after this time, or when the sum of RSS changes by a twentieth. */
const PROPORTIONAL_MS = 1_000;

/** A command to watch. */
export interface Watched {
  limits: Limits;
  /** The first process of its sandbox, once bubblewrap has reported it; or its process group. */
  processes: () => TreeRoot | undefined;
  /** The folder of its changes, if it can make any. */
  folder?: string;
  /** Folders of its sandbox that are separate file systems in memory. */
  temporaryFolders: readonly string[];
  outputBytes: () => number;
  /** Ends the command; `why` is for people. */
  end: (outcome: LimitOutcome, why: string) => void;
}

/** Watches until `stop` is called. */
export function watchCommand(watched: Watched): { stop(): void } {
  const { limits } = watched;
  const disk = watched.folder === undefined ? undefined : new DiskWatch(watched.folder, limits);
  const activity = new Activity(limits.idleMs);
  const memory = new Memory(limits.memoryBytes);
  let stopped = false;
  const end = (outcome: LimitOutcome, why: string): void => {
    if (!stopped) watched.end(outcome, why);
    stopped = true;
  };
  const look = async (): Promise<number> => {
    const found = find(watched);
    const usage = found && readProcessUsage(found);
    if (found && usage) {
      if (usage.tasks >= limits.processes) end('too-many-processes', `${limits.processes} processes and threads`);
      const bytes = memory.exceededBy(usage, found);
      if (bytes !== undefined) end('out-of-memory', `more than ${limits.memoryBytes} bytes of memory: ${bytes}`);
      const full = findFullFolder(found, watched);
      if (full !== undefined) end('disk-full', `more than ${limits.temporaryFiles} files in ${full}`);
    }
    // Where the processes can't be seen, the command counts as active.
    if (usage && activity.isIdle(usage.processorMs, watched.outputBytes())) {
      end('idle', `neither output nor work for ${limits.idleMs / 1000} s`);
    }
    const looked = await disk?.look().catch(() => undefined);
    if (looked?.problem !== undefined) end('disk-full', looked.problem);
    const roomMs = (limits.memoryBytes - (usage?.residentBytes ?? 0)) / BYTES_PER_MS;
    return Math.max(MIN_LOOK_MS, Math.min(LOOK_MS, roomMs, looked?.nextMs ?? LOOK_MS, limits.idleMs / 4));
  };
  let timer: NodeJS.Timeout | undefined;
  const lookAgain = async (): Promise<void> => {
    const nextMs = await look();
    if (!stopped) timer = setTimeout(() => void lookAgain(), nextMs);
  };
  // The first look comes soon: only it tells how much room the disk has.
  timer = setTimeout(() => void lookAgain(), MIN_LOOK_MS);
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function find({ processes }: Watched): Processes | undefined {
  const root = processes();
  return root?.kind === 'sandbox' ? processesBelow(root.pid) : root;
}

/** The first of the sandbox's temporary folders with too many files. Their mounts limit their size. */
function findFullFolder(processes: Processes, { temporaryFolders, limits }: Watched): string | undefined {
  if (processes.kind === 'group') return undefined;
  return temporaryFolders.find((name) => {
    try {
      const { files, ffree } = statfsSync(`/proc/${processes.firstPid}/root${name}`);
      return files - ffree > limits.temporaryFiles;
    } catch {
      return false;
    }
  });
}

/** Cheap check: the sum of RSS. Only if that exceeds the limit, reads PSS, which counts shared pages once. */
class Memory {
  readonly #limit: number;
  #measured = { residentBytes: 0, atMs: 0 };

  constructor(limit: number) {
    this.#limit = limit;
  }

  exceededBy({ residentBytes }: ProcessUsage, processes: Processes): number | undefined {
    if (residentBytes <= this.#limit) return undefined;
    const { residentBytes: before, atMs } = this.#measured;
    const isSame = Math.abs(residentBytes - before) < before / 20;
    if (isSame && performance.now() - atMs < PROPORTIONAL_MS) return undefined;
    this.#measured = { residentBytes, atMs: performance.now() };
    const bytes = readProportionalBytes(processes);
    return bytes > this.#limit ? bytes : undefined;
  }
}

/** Tells whether a command is idle. Output, or a hundredth of `idleMs` on a processor, counts as work. */
class Activity {
  readonly #idleMs: number;
  #since = performance.now();
  #processorMs = 0;
  #outputBytes = 0;

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  isIdle(processorMs: number, outputBytes: number): boolean {
    const worked = Math.abs(processorMs - this.#processorMs);
    if (outputBytes !== this.#outputBytes || worked >= Math.max(10, this.#idleMs / 100)) {
      this.#since = performance.now();
      this.#processorMs = processorMs;
      this.#outputBytes = outputBytes;
    }
    return performance.now() - this.#since > this.#idleMs;
  }
}
