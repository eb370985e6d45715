/**
 * Folders that are made once and shared: base checkouts and what setups left.
 * Rule: such a folder is whole or absent (made beside, then renamed), and never written again once it is there.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, utimes } from 'node:fs/promises';
import { removeTree } from './remove-tree.ts';

/**
 * Lets callers that ask for the same thing at the same time share its making. `signal` is what ends a caller's making:
 * who waited for one that was ended makes it itself.
 */
export function shareByKey<T>(): (key: string, make: () => Promise<T>, signal?: AbortSignal) => Promise<T> {
  const running = new Map<string, { made: Promise<T>; signal: AbortSignal | undefined }>();
  return async (key, make, signal) => {
    for (let known = running.get(key); known; known = running.get(key)) {
      try {
        return await untilAborted(known.made, signal);
      } catch (error) {
        if (signal?.aborted || !known.signal?.aborted) throw error;
      }
    }
    const made = make().finally(() => running.delete(key));
    running.set(key, { made, signal });
    return await made;
  };
}

/** Waits for something of another caller's, no longer than the own signal lets one. */
async function untilAborted<T>(made: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await made;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
  });
  return await Promise.race([made, aborted]).finally(() => signal.removeEventListener('abort', stop));
}

/** A place beside a folder in which its successor is made; its name ends with the process that makes it. */
export function placeBeside(folder: string): string {
  return `${folder}-${randomBytes(4).toString('hex')}-${process.pid}`;
}

/** Marks a folder as used now, for the sweep; false where it is not there. */
export async function markUsed(folder: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(folder, now, now);
    return true;
  } catch {
    return false;
  }
}

/** Makes a folder beside its place and renames it there; where it is already, it is only marked as used. */
export async function makeWhole(folder: string, fill: (into: string) => Promise<unknown>): Promise<void> {
  if (await markUsed(folder)) return;
  const fresh = placeBeside(folder);
  try {
    await mkdir(fresh, { recursive: true });
    await fill(fresh);
    await rename(fresh, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await removeTree(fresh);
  }
}

/** A short name for any text. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
