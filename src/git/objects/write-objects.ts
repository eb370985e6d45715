/**
 * Writes loose objects as git does: temporary files, flushed, then renamed.
 * Rule: no object gets its name before all are on disk, and none before those that it names. So a process that is
 * killed at any moment leaves whole objects and, at most, temporary files, which are swept by age.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { constants, deflateSync } from 'node:zlib';
import type { Sha } from '../../core/transcript.ts';
import type { Store } from '../store.ts';
import type { GitObject } from './cached-objects.ts';
import { cacheObject } from './cached-objects.ts';
import { encodeObject, loosePath } from './loose-object.ts';

/** An object that is not in the store yet, and its id. */
export interface NewObject extends GitObject {
  readonly id: Sha;
  readonly whole: Buffer;
}

export function newObject(type: string, bytes: Buffer): NewObject {
  return { type, bytes, ...encodeObject({ type, bytes }) };
}

/** Writes objects; each comes after those that it names. Throws what the file system says. */
export async function writeObjects({ dir }: Store, objects: readonly NewObject[]): Promise<void> {
  const distinct = [...new Map(objects.map((object) => [object.id, object])).values()];
  const isThere = await Promise.all(distinct.map(async ({ id }) => await freshen(loosePath(dir, id))));
  const fresh = distinct.filter((_, at) => !isThere[at]).map((object) => ({ object, temporary: nameTemporary(dir) }));
  try {
    const written = await Promise.allSettled(
      fresh.map(async ({ object, temporary }) => await writeFlushed(temporary, object.whole)),
    );
    for (const result of written) if (result.status === 'rejected') throw result.reason;
    for (const { object, temporary } of fresh) await place(temporary, loosePath(dir, object.id));
  } catch (error) {
    await Promise.all(fresh.map(async ({ temporary }) => await rm(temporary, { force: true }).catch(() => undefined)));
    throw error;
  }
  for (const { id, type, bytes } of distinct) cacheObject(dir, id, { type, bytes });
}

/** Whether an object is there; gives it today's date, as git does, so that a collection that runs now leaves it. */
async function freshen(path: string): Promise<boolean> {
  const now = new Date();
  return await utimes(path, now, now).then(
    () => true,
    () => false,
  );
}

/** The name by which git, too, knows an unfinished object. */
function nameTemporary(dir: string): string {
  return join(dir, 'objects', `tmp_obj_${randomBytes(6).toString('hex')}`);
}

async function writeFlushed(path: string, whole: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o444);
  try {
    await file.writeFile(deflateSync(whole, { level: constants.Z_BEST_SPEED }));
    await file.sync();
  } finally {
    await file.close();
  }
}

async function place(temporary: string, path: string): Promise<void> {
  await rename(temporary, path).catch(async (error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    await mkdir(dirname(path)).catch(() => undefined);
    await rename(temporary, path);
  });
}
