/**
 * Keeps an overlay mounted for a moment after its command: the kernel flushes the whole file system of its upper
 * folder when it goes, and whoever waits for the command would wait for that too.
 * Rule: only a mount that no process can reach any more is held, and none is mounted over it before it is gone.
 */
import type { ChildProcess } from 'node:child_process';
import { close, openSync } from 'node:fs';
import { promisify } from 'node:util';

const closeFile = promisify(close);

/** Mounts that are going, by their upper folder. */
const going = new Map<string, Promise<void>>();
/** One after the other: the first flush leaves the next little to do, and only one thread of Node's pool waits. */
let last: Promise<void> = Promise.resolve();

/**
 * Holds the mounts of a sandbox's first process until the sandbox ended, then lets them go in the background. Where
 * the process is gone already its mounts are too.
 */
export function holdMounts(sandbox: ChildProcess, firstPid: number, upper: string): void {
  let fd: number;
  try {
    fd = openSync(`/proc/${firstPid}/ns/mnt`, 'r');
  } catch {
    return;
  }
  sandbox.once('exit', () => {
    const gone = last.then(async () => await closeFile(fd)).catch(() => undefined);
    last = gone;
    going.set(upper, gone);
    void gone.then(() => going.get(upper) === gone && going.delete(upper));
  });
}

/** Resolves when no mount of an earlier command lies over this upper folder. */
export async function mountsGone(upper: string): Promise<void> {
  await going.get(upper);
}
