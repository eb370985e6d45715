/**
 * What the processes of one command use, read from /proc: of a PID namespace from its own /proc, or of a process group.
 * Rule: one read a process, so that a look costs some microseconds each; a process that has just died counts as zero.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One look at all processes of a command. */
export interface ProcessUsage {
  /** Processes and threads, without the sandbox's own first process. */
  tasks: number;
  /** Sum over all processes: a shared page is counted once for each process. */
  residentBytes: number;
  /** In a PID namespace, of all processes that ever ran there; in a group, of those that are alive. */
  processorMs: number;
}

const PAGE_BYTES = 4096;
/** Linux reports processor time in hundredths of a second, whatever the kernel's own clock. */
const TICK_MS = 10;

/** The processes of one command: the /proc folder and host pid of a sandbox's first process, or a process group. */
export type Processes = { kind: 'sandbox'; folder: string; firstPid: number } | { kind: 'group'; id: number };

/** Where a sandbox's processes are, given its first one; undefined before the sandbox is set up and after its end. */
export function processesBelow(firstPid: number): Processes | undefined {
  const folder = `/proc/${firstPid}/root/proc`;
  try {
    // This process finds itself in that /proc, so the sandbox has not mounted its own yet.
    readlinkSync(`${folder}/self`);
    return undefined;
  } catch (error) {
    const isOwn = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isOwn && existsSync(`${folder}/uptime`) ? { kind: 'sandbox', folder, firstPid } : undefined;
  }
}

/** Sums what all processes of a sandbox or a group use. */
export function readProcessUsage(processes: Processes): ProcessUsage {
  const usage: ProcessUsage = { tasks: 0, residentBytes: 0, processorMs: 0 };
  if (processes.kind === 'sandbox') {
    // The first process belongs to the sandbox, but holds the processor time of processes that died without a parent.
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
 * The processes' memory with each shared page counted once (PSS). This walks their page tables, which is slow: call it
 * only when the plain sum is too high.
 */
export function readProportionalBytes(processes: Processes): number {
  let bytes = 0;
  for (const { folder, pid } of listProcesses(processes)) {
    try {
      const [, kib = '0'] = /^Pss:\s+(\d+)/m.exec(readFileSync(`${folder}/${pid}/smaps_rollup`, 'latin1')) ?? [];
      bytes += Number(kib) * 1024;
    } catch {
      // A process whose PSS can't be read counts with its whole resident memory; one that has died counts as zero.
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

/** Fields 5, 14 to 17, 20 and 24 of /proc/<pid>/stat. Fields from 3 on follow the name in brackets. */
function readStat(folder: string, pid: string): Stat | undefined {
  try {
    const text = readFileSync(`${folder}/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const field = (number: number): number => Number(fields[number - 3] ?? 0);
    return {
      group: field(5),
      threads: field(20),
      residentBytes: field(24) * PAGE_BYTES,
      // Its own time, and that of the children that it waited for.
      processorMs: (field(14) + field(15) + field(16) + field(17)) * TICK_MS,
    };
  } catch {
    return undefined;
  }
}
