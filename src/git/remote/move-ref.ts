/**
 * Moves and deletes refs of the hub by compare-and-swap.
 * Rule: of several concurrent moves exactly one wins, and repeating a move that won reports success again.
 */
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Sha } from '../../core/transcript.ts';
import { GitFailure } from '../git-failure.ts';
import { nameRef } from './hub-refs.ts';
import { HUB } from '../reach.ts';
import { moveLocalRef } from '../refs/local-ref.ts';
import { readRef } from './read-ref.ts';
import { streamGit } from '../run-git.ts';
import { pushWithLease } from './run-remote.ts';
import type { Store } from '../store.ts';

/** Attempts while another process holds the ref's lock. Each waits longer, about a second and a half in all. */
const MAX_TRIES = 6;
/** Git holds a ref's lock for milliseconds. A lock this old is left by a killed process, and would stay for ever. */
const STALE_LOCK_MS = 30_000;

/** Moves `ref` to `to` if it is at `from` (null: if it does not exist). Throws if the hub can't be written. */
export async function moveRef(
  store: Store,
  { ref, to, from }: { ref: string; to: Sha; from: Sha | null },
): Promise<'moved' | 'lost'> {
  return (await swap(store, ref, to, from)) ? 'moved' : 'lost';
}

/** Deletes `ref` if it is at `from`. A ref that does not exist counts as deleted. */
export async function deleteRef(store: Store, { ref, from }: { ref: string; from: Sha }): Promise<'deleted' | 'lost'> {
  return (await swap(store, ref, null, from)) ? 'deleted' : 'lost';
}

async function swap(store: Store, wanted: string, to: Sha | null, from: Sha | null): Promise<boolean> {
  const ref = await nameRef(store, wanted);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await write(store, ref, to, from);
      return true;
    } catch (error) {
      // Whatever git reports, the ref's current commit decides.
      const now = await readRef(store, wanted);
      if (now === to) return true;
      if (now !== from) return false;
      if (attempt === MAX_TRIES || !isLocked(error)) throw error;
      await breakStaleLocks(store, ref);
      await delay(100 * attempt);
    }
  }
}

async function write(store: Store, ref: string, to: Sha | null, from: Sha | null): Promise<void> {
  if (store.remote !== undefined) return await pushWithLease(store, HUB, { ref, to, expected: from });
  const here = to === null ? undefined : await moveLocalRef(store, { ref, to, from });
  if (here === 'moved') return;
  if (here === 'locked') throw new GitFailure('failed', describeLock(join(store.dir, `${ref}.lock`)));
  if (here === 'lost') throw new GitFailure('failed', `${ref} in ${store.dir} is not at ${from ?? 'nothing'}`);
  const nothing = '0'.repeat((to ?? from ?? '').length);
  const args = to === null ? ['-d', ref, from ?? nothing] : [ref, to, from ?? nothing];
  await streamGit(store.dir, ['update-ref', '--no-deref', ...args]);
}

/** In git's words. Git itself is not asked: it waits with what it read of packed refs before. */
function describeLock(lock: string): string {
  return `Unable to create '${lock}': File exists. Another git process seems to hold this lock. If none runs, it is left by one that was killed: it is removed after half a minute, or remove the file`;
}

function isLocked(error: unknown): boolean {
  return error instanceof GitFailure && /\.lock'?: File exists/.test(error.message);
}

/** Removes locks that killed processes left; only in a hub on this host. */
async function breakStaleLocks(store: Store, ref: string): Promise<void> {
  if (store.remote !== undefined) return;
  for (const name of [ref, 'packed-refs']) {
    const lock = join(store.dir, `${name}.lock`);
    if (await isStale(lock)) await breakLock(lock, join(store.dir, `${name}.breaking.lock`));
  }
}

/**
 * Removes a stale lock, one process at a time. Otherwise a second process that saw the stale lock could remove the lock
 * that a third one took after the first removal, and two of them would move the ref.
 */
async function breakLock(lock: string, breaking: string): Promise<void> {
  const turn = await open(breaking, 'wx').catch(() => undefined);
  if (!turn) {
    if (await isStale(breaking)) await rm(breaking, { force: true });
    return;
  }
  try {
    if (await isStale(lock)) await rm(lock, { force: true });
  } finally {
    await turn.close();
    await rm(breaking, { force: true });
  }
}

async function isStale(lock: string): Promise<boolean> {
  const heldSince = await stat(lock)
    .then(({ mtimeMs }) => mtimeMs)
    .catch(() => Date.now());
  return Date.now() - heldSince > STALE_LOCK_MS;
}
