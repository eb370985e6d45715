/**
 * Reads and moves one ref of a store on this host, by git's own files and locks, so that git, other hosts and older
 * workers may do the same at any moment.
 * Rule: whatever is not a plain ref in the usual place is left to git, which also has the words for it.
 */
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Sha } from '../../core/transcript.ts';
import { isPlain } from '../objects/plain-store.ts';
import { readHeader } from '../objects/read-object.ts';
import type { Store } from '../store.ts';
import { readPackedRefs } from './packed-refs.ts';

/** Names as we make them. Git has more rules for others, such as those with `@{` or `..`. */
const PLAIN_REF = /^refs(?:\/[\w-]+(?:\.[\w-]+)*)+$/;
/** A ref's file is an id and a line break. One that begins otherwise is symbolic or broken. */
const REF_BYTES = 41;
/** Waits for a lock like git, which gives up after a tenth of a second. */
const LOCK_WAITS_MS = [1, 4, 9, 16, 25, 36];

/** Where a ref stands; null if there is none, undefined: ask git. */
export async function readLocalRef(store: Store, ref: string): Promise<Sha | null | undefined> {
  return isPlainName(ref) && (await isPlain(store)) ? await readNow(store, ref) : undefined;
}

function isPlainName(ref: string): boolean {
  return PLAIN_REF.test(ref) && !/\.lock(?:\/|$)/i.test(ref);
}

/** The loose ref comes first: git packs a ref before it removes the loose one. */
async function readNow({ dir }: Store, ref: string): Promise<Sha | null | undefined> {
  const loose = await readLooseRef(join(dir, ref));
  if (loose !== null) return loose;
  const packed = await readPackedRefs(dir).catch(() => undefined);
  return packed && (packed.refs.get(ref) ?? null);
}

async function readLooseRef(path: string): Promise<Sha | null | undefined> {
  let file: FileHandle | undefined;
  try {
    // A symbolic link is a symbolic ref of old versions.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(REF_BYTES + 1), 0, REF_BYTES + 1, 0);
    const [, id] = /^([0-9a-f]{40})\n$/.exec(buffer.toString('latin1', 0, bytesRead)) ?? [];
    return id as Sha | undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR' ? null : undefined;
  } finally {
    await file?.close();
  }
}

/**
 * Moves a ref from one commit (null: no ref) to another. `lost`: the ref is elsewhere. `locked`: another process holds
 * its lock. Undefined: nothing was changed, and git has to do it or to say why it can't be done.
 */
export async function moveLocalRef(
  store: Store,
  { ref, to, from }: { ref: string; to: Sha; from: Sha | null },
): Promise<'moved' | 'lost' | 'locked' | undefined> {
  if (!isPlainName(ref) || !(await isPlain(store))) return undefined;
  if ((await readHeader(store, to))?.type !== 'commit') return undefined;
  const lock = join(store.dir, `${ref}.lock`);
  const file = await takeLock(lock);
  if (!file || file === 'locked') return file;
  let isHeld = true;
  try {
    const now = await readNow(store, ref);
    if (now === undefined || (now === null && !(await isFree(store, ref)))) return undefined;
    if (now !== from) return 'lost';
    if (now === to) return 'moved';
    await file.writeFile(`${to}\n`);
    await file.sync();
    if (!(await isOurs(file, lock))) return undefined;
    await rename(lock, join(store.dir, ref));
    isHeld = false;
    return 'moved';
  } catch {
    // A full disk, or a folder in the ref's place: git removes empty ones.
    return undefined;
  } finally {
    if (isHeld && (await isOurs(file, lock).catch(() => false))) await rm(lock, { force: true });
    await file.close();
  }
}

/** Takes a ref's lock; `locked` if another process holds it, undefined if it can't be made. */
async function takeLock(lock: string): Promise<FileHandle | 'locked' | undefined> {
  let isHeld = false;
  for (const waitMs of [...LOCK_WAITS_MS, undefined]) {
    try {
      return await open(lock, 'wx', 0o666);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // Git removes a folder when its last ref is packed or deleted, maybe at the same moment.
      if (code === 'ENOENT') await mkdir(dirname(lock), { recursive: true }).catch(() => undefined);
      else if (code !== 'EEXIST') return undefined;
      isHeld = code === 'EEXIST';
      if (waitMs !== undefined) await delay(code === 'ENOENT' ? 0 : waitMs * (0.5 + Math.random()));
    }
  }
  return isHeld ? 'locked' : undefined;
}

/** Whether no packed ref stands in the way of a new one: above it or below it. Loose ones are folders or files. */
async function isFree({ dir }: Store, ref: string): Promise<boolean> {
  const packed = await readPackedRefs(dir);
  if (!packed || packed.folders.has(ref)) return false;
  for (let at = ref.lastIndexOf('/'); at > 0; at = ref.lastIndexOf('/', at - 1))
    if (packed.refs.has(ref.slice(0, at))) return false;
  return true;
}

/** Whether the lock is still ours: one that is held for long counts as left by a killed process, and is taken away. */
async function isOurs(file: FileHandle, lock: string): Promise<boolean> {
  const [own, there] = [await file.stat(), await stat(lock)];
  return own.ino === there.ino && own.dev === there.dev;
}
