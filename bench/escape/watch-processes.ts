/**
 * Watches all processes that a trial's worker starts, by reading /proc ten times a second.
 * Rule: a process belongs to the trial if it descends from the worker or from a process that once did, identified by id
 * and start time. So a new session, group or parent does not hide it, and no other process is mistaken for one. A
 * process that loses its parent in a PID namespace gets that namespace's first process as its parent, which was seen.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Interval between two looks at /proc. */
const LOOK_MS = 100;
const PAGE_BYTES = 4096;

interface Seen {
  parent: number;
  /** Start time in clock ticks: tells a process from a later one with its id. */
  started: string;
  state: string;
}

/** A running watch. */
export interface ProcessWatch {
  peak: { processes: number; residentBytes: number; workerResidentBytes: number };
  /** Processes that are alive now, except the worker and its own wrappers, with their command lines by pid. */
  alive(): Map<number, string>;
  stop(): void;
}

/** Watches the descendants of the process `root`, without those whose command line `others` accepts. */
export function watchProcesses(root: number, others: (commandLine: string) => boolean): ProcessWatch {
  const known = new Map([[root, readAll().get(root)?.started ?? '']]);
  const peak = { processes: 0, residentBytes: 0, workerResidentBytes: 0 };
  const look = (): number[] => {
    const all = readAll();
    const mine = [...all].filter(([pid, { started }]) => known.get(pid) === started).map(([pid]) => pid);
    const found = descendants(all, mine);
    found.delete(root);
    for (const pid of found) known.set(pid, all.get(pid)?.started ?? '');
    return [...found].filter((pid) => all.get(pid)?.state !== 'Z');
  };
  const measure = (): void => {
    const pids = look();
    peak.processes = Math.max(peak.processes, pids.length);
    peak.residentBytes = Math.max(peak.residentBytes, sum(pids.map(residentBytes)));
    peak.workerResidentBytes = Math.max(peak.workerResidentBytes, residentBytes(root));
  };
  measure();
  const timer = setInterval(measure, LOOK_MS);
  return {
    peak,
    alive: () => {
      const lines = look().map((pid): [number, string] => [pid, commandLineOf(pid)]);
      return new Map(lines.filter(([, line]) => line !== '' && !others(line)));
    },
    stop: () => clearInterval(timer),
  };
}

function readAll(): Map<number, Seen> {
  const all = new Map<number, Seen>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = read(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length > 20) {
      all.set(pid, { state: fields[0] ?? '', parent: Number(fields[1]), started: fields[19] ?? '' });
    }
  }
  return all;
}

function descendants(all: Map<number, Seen>, roots: readonly number[]): Set<number> {
  const children = new Map<number, number[]>();
  for (const [pid, { parent }] of all) {
    const siblings = children.get(parent);
    if (siblings) siblings.push(pid);
    else children.set(parent, [pid]);
  }
  const found = new Set(roots);
  const queue = [...roots];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    for (const child of children.get(pid) ?? []) {
      if (!found.has(child)) queue.push(child);
      found.add(child);
    }
  }
  return found;
}

function residentBytes(pid: number): number {
  const [, resident = '0', shared = '0'] = read(`/proc/${pid}/statm`).split(' ');
  return (Number(resident) - Number(shared)) * PAGE_BYTES;
}

function commandLineOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim().slice(0, 200);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
