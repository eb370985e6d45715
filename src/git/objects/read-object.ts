/**
 * Reads objects of a store without starting git: those that are cached, loose ones from their files, all others through
 * one git that stays open.
 * Rule: bytes are checked against the object's id, which git itself does only in `fsck`.
 */
import type { Sha } from '../../core/transcript.ts';
import { GitFailure } from '../git-failure.ts';
import type { Store } from '../store.ts';
import { askGit } from './batch.ts';
import type { GitObject } from './cached-objects.ts';
import { cachedObject, cacheObject } from './cached-objects.ts';
import { isLoose, isOfId, MAX_OBJECT_BYTES, readLoose, readLooseHeader } from './loose-object.ts';
import { isPlain } from './plain-store.ts';

/**
 * An object of the store. Undefined if it is missing, or too large to be held in memory, or the store is left to git:
 * the caller then asks git, which has the words for what is wrong. Throws a GitFailure if its bytes are not of its id.
 */
export async function readObject(store: Store, id: Sha): Promise<GitObject | undefined> {
  const { dir } = store;
  if (id.length !== 40 || !(await isPlain(store))) return undefined;
  const known = cachedObject(dir, id);
  if (known) return known;
  const object = (await readLoose(dir, id)) ?? (await readByGit(dir, id));
  return object && cacheObject(dir, id, object);
}

async function readByGit(dir: string, id: Sha): Promise<GitObject | undefined> {
  const found = await askGit(dir, 'info', id).catch(() => undefined);
  if (!found || found.size > MAX_OBJECT_BYTES) return undefined;
  const object = await askGit(dir, 'contents', id).catch(() => undefined);
  if (!object || isOfId(object, id)) return object;
  const message = `the store at ${dir} has other bytes under the id ${id}: restore it from a backup or another clone`;
  throw new GitFailure('corrupt', message, { words: `hash mismatch ${id}` });
}

/** Type and size of an object; undefined if it is missing, or only git can say. */
export async function readHeader(store: Store, id: Sha): Promise<{ type: string; size: number } | undefined> {
  const { dir } = store;
  if (id.length !== 40 || !(await isPlain(store))) return undefined;
  const known = cachedObject(dir, id);
  if (known) return { type: known.type, size: known.bytes.length };
  return (await readLooseHeader(dir, id)) ?? (await askGit(dir, 'info', id).catch(() => undefined));
}

/** Whether the store has an object; undefined if only git can say. */
export async function isStored(store: Store, id: Sha): Promise<boolean | undefined> {
  const { dir } = store;
  if (id.length !== 40 || !(await isPlain(store))) return undefined;
  if (cachedObject(dir, id) || (await isLoose(dir, id))) return true;
  return await askGit(dir, 'info', id).then(
    (found) => found !== undefined,
    () => undefined,
  );
}
