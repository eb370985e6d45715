/**
 * What the processes of one command use, as /proc says it: of a PID namespace through its own /proc, else of a process
 * group.
 * Rule: one read a process, so that a look costs some microseconds each; what has just died counts for nothing.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One look at all processes of a command. */
export interface ProcessUsage {
  /** Processes and threads, the sandbox's own first process left out. */
  tasks: number;
  /** Sum over all processes: pages that they share are counted for each. */
  residentBytes: number;
  /** Processor time of all that ever ran in a PID namespace; of a group, of those that live. */
  processorMs: number;
}

const PAGE_BYTES = 4096;
/** Linux tells processor time in hundredths of a second, whatever the kernel's own clock. */
const TICK_MS = 10;

/** The processes of one command: where to look, and its first process or its group outside. */
export type Processes = { kind: 'sandbox'; folder: string; firstPid: number } | { kind: 'group'; id: number };

/** Where a sandbox's processes are, by its first one; undefined until it is set up, and when it is gone. */
export function processesBelow(firstPid: number): Processes | undefined {
  const folder = `/proc/${firstPid}/root/proc`;
  try {
    // Whoever is in a /proc finds itself there: this is still the host's.
    readlinkSync(`${folder}/self`);
    return undefined;
  } catch (error) {
    const isOwn = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isOwn && existsSync(`${folder}/uptime`) ? { kind: 'sandbox', folder, firstPid } : undefined;
  }
}

/** Looks at all processes of a sandbox, or at those of a group. */
export function readProcessUsage(processes: Processes): ProcessUsage {
  const usage: ProcessUsage = { tasks: 0, residentBytes: 0, processorMs: 0 };
  if (processes.kind === 'sandbox') {
    // It is of the sandbox, not of the command, but has the time of all that died without a parent.
    usage.processorMs += readStat('/proc', String(processes.firstPid))?.processorMs ?? 0;
  }
  for (const { stat } of listProcesses(processes)) {
    usage.processorMs += stat.processorMs;
    usage.tasks += stat.threads;
    usage.residentBytes += stat.residentBytes;
  }
  return usage;
}

/**
 * The memory of the same processes with each page counted once. It walks their page tables: for use when the plain sum
 * is too high.
 */
export function readProportionalBytes(processes: Processes): number {
  let bytes = 0;
  for (const { folder, pid } of listProcesses(processes)) {
    try {
      const [, kib = '0'] = /^Pss:\s+(\d+)/m.exec(readFileSync(`${folder}/${pid}/smaps_rollup`, 'latin1')) ?? [];
      bytes += Number(kib) * 1024;
    } catch {
      // Of a process that hides, all counts that it has resident; one that has died since has nothing.
      bytes += readStat(folder, pid)?.residentBytes ?? 0;
    }
  }
  return bytes;
}

function listProcesses(processes: Processes): { folder: string; pid: string; stat: Stat }[] {
  const folder = processes.kind === 'sandbox' ? processes.folder : '/proc';
  return listPids(folder).flatMap((pid) => {
    if (processes.kind === 'sandbox' && pid === '1') return [];
    const stat = readStat(folder, pid);
    if (!stat || (processes.kind === 'group' && stat.group !== processes.id)) return [];
    return [{ folder, pid, stat }];
  });
}

function listPids(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

interface Stat {
  group: number;
  threads: number;
  residentBytes: number;
  processorMs: number;
}

/** Fields 5, 14 to 17, 20 and 24 of a process's stat, which follow its name in brackets. */
function readStat(folder: string, pid: string): Stat | undefined {
  try {
    const text = readFileSync(`${folder}/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const field = (number: number): number => Number(fields[number - 3] ?? 0);
    return {
      group: field(5),
      threads: field(20),
      residentBytes: field(24) * PAGE_BYTES,
      // Its own, and that of the children that it waited for.
      processorMs: (field(14) + field(15) + field(16) + field(17)) * TICK_MS,
    };
  } catch {
    return undefined;
  }
}
