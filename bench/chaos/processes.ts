/**
 * Reads the machine's processes from /proc: their parents, and which ones run below a folder.
 * Rule: it only reads; a process that ends meanwhile is left out.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Seen {
  pid: number;
  parent: number;
  command: string;
}

/** Every process that can be read, without zombies, which have no command. */
export function listProcesses(): Seen[] {
  return readdirSync('/proc').flatMap((name): Seen[] => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (command === '') return [];
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return [{ pid: Number(name), parent, command }];
    } catch {
      return [];
    }
  });
}

/** The nearest of `pids` that is the process itself or one of its ancestors. */
export function findAbove(processes: readonly Seen[], from: Seen, pids: ReadonlySet<number>): number | undefined {
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  for (let pid: number | undefined = from.pid; pid !== undefined && pid > 1; pid = parents.get(pid)) {
    if (pids.has(pid)) return pid;
  }
  return undefined;
}
