/**
 * The time to move one process into its own memory control group, where this host permits one: the cost of the guard
 * that our watch of resident memory replaces.
 * Rule: only the move is timed; it is shown for information.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Subject } from './interleave.ts';

/** The subject; undefined where control groups can't be written. */
export function memoryGroupSubject(name: string): Subject | undefined {
  const parent = findOwnGroup();
  const group = join(parent ?? '', `coxswain-bench-${process.pid}`);
  if (parent === undefined || !canMake(group)) return undefined;
  let moved: ChildProcess | undefined;
  return {
    name,
    prepare: async () => {
      if (moved) await end(moved);
      else mkdirSync(group);
      moved = spawn('sleep', ['60'], { stdio: 'ignore' });
      await once(moved, 'spawn');
    },
    work: async () => await Promise.resolve(writeFileSync(join(group, 'cgroup.procs'), String(moved?.pid))),
    finish: async () => {
      if (moved) await end(moved);
      rmdirSync(group);
    },
  };
}

/** The memory group of this process, in the hierarchy of version 1 or 2. */
function findOwnGroup(): string | undefined {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  const [first] = lines.flatMap((line) => /^\d+:memory:(.*)$/.exec(line)?.[1] ?? []);
  if (first !== undefined) return join('/sys/fs/cgroup/memory', first);
  const [second] = lines.flatMap((line) => /^0::(.*)$/.exec(line)?.[1] ?? []);
  return second === undefined ? undefined : join('/sys/fs/cgroup', second);
}

function canMake(group: string): boolean {
  try {
    mkdirSync(group);
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
