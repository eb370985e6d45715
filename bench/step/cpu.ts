/**
 * CPU time of processes with all that they started, from /proc.
 * Rule: a child that ended counts by its parent's sum, and a process that ends meanwhile is left out.
 */
import { readFileSync } from 'node:fs';
import { findAbove, listProcesses } from '../chaos/processes.ts';

/** A clock tick of /proc on Linux, whatever the kernel's own. */
const TICK_MS = 10;

/** CPU milliseconds of a process, its descendants, and their children that have ended. */
export function cpuOf(pid: number): number {
  const processes = listProcesses();
  const own = processes.filter((one) => findAbove(processes, one, new Set([pid])) !== undefined);
  return own.reduce((sum, one) => sum + ticksOf(one.pid) * TICK_MS, 0);
}

function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // User and system time, of the process and of its children that have ended.
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
  } catch {
    return 0;
  }
}
