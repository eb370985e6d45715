/**
 * Folders that are made once and shared: base checkouts and setup layers.
 * Rule: such a folder is whole or absent (made under another name, then renamed), and never written again afterwards.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, utimes } from 'node:fs/promises';
import { removeTree } from './remove-tree.ts';

/**
 * Lets concurrent callers with the same key share one `make`. `signal` aborts its own caller's `make`; a caller that
 * was waiting for an aborted one then starts its own.
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

/** Waits for another caller's result, until this caller's own signal aborts. */
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

/** The path at which a folder is made before its rename. Its name ends with this process's id, for the sweep. */
export function placeBeside(folder: string): string {
  return `${folder}-${randomBytes(4).toString('hex')}-${process.pid}`;
}

/** Marks a folder as used now, for the sweep; false if it does not exist. */
export async function markUsed(folder: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(folder, now, now);
    return true;
  } catch {
    return false;
  }
}

/** Fills a folder under another name, then renames it. If the folder exists already, only marks it as used. */
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

/** The first 32 hex digits of a text's SHA-256. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
