/**
 * The files of loose objects: their names and their bytes.
 * Rule: an object is what its id says, or it counts as not there; a small file never fills memory.
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, inflate, inflateSync } from 'node:zlib';
import type { Sha } from '../../core/transcript.ts';
import type { GitObject } from './cached-objects.ts';

/** The largest object that is held in memory as a whole. Git reads larger ones. */
export const MAX_OBJECT_BYTES = 16 * 1024 * 1024;
/** Up to this size, inflating here takes less time than handing the bytes to another thread. */
const SMALL_BYTES = 64 * 1024;
/** The longest header: a type, a space, a size and a NUL. */
const MAX_HEADER_BYTES = 32;
/** Enough of a file to inflate its header. */
const HEAD_BYTES = 128;

const inflateAside = promisify(inflate);

/** The path of a loose object's file. */
export function loosePath(dir: string, id: Sha): string {
  return join(dir, 'objects', id.slice(0, 2), id.slice(2));
}

/** An object with git's header in front, as it is hashed and stored, and its id. */
export function encodeObject({ type, bytes }: GitObject): { id: Sha; whole: Buffer } {
  const whole = Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes]);
  return { id: createHash('sha1').update(whole).digest('hex') as Sha, whole };
}

/** Whether these are the bytes of the object with this id. */
export function isOfId(object: GitObject, id: Sha): boolean {
  return encodeObject(object).id === id;
}

/** Whether the store has an object as a file of its own. */
export async function isLoose(dir: string, id: Sha): Promise<boolean> {
  return await stat(loosePath(dir, id)).then(
    () => true,
    () => false,
  );
}

/** A loose object; undefined if there is none, it is too large to be held in memory, or its bytes are not of its id. */
export async function readLoose(dir: string, id: Sha): Promise<GitObject | undefined> {
  const path = loosePath(dir, id);
  // Deflated bytes can be somewhat more than the object's.
  const size = await stat(path).then(
    (found) => found.size,
    () => Infinity,
  );
  if (size > 2 * MAX_OBJECT_BYTES) return undefined;
  const file = await readFile(path).catch(() => undefined);
  const header = file && readHeader(file);
  if (!header || header.size > MAX_OBJECT_BYTES) return undefined;
  const length = header.length + header.size;
  const whole = await inflateWhole(file, length).catch(() => undefined);
  if (whole?.length !== length || createHash('sha1').update(whole).digest('hex') !== id) return undefined;
  return { type: header.type, bytes: whole.subarray(header.length) };
}

/** Type and size of a loose object, by its file's first bytes; undefined if there is none. */
export async function readLooseHeader(dir: string, id: Sha): Promise<{ type: string; size: number } | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(loosePath(dir, id));
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return readHeader(buffer.subarray(0, bytesRead));
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

function readHeader(file: Buffer): { type: string; size: number; length: number } | undefined {
  try {
    const start = inflateSync(file.subarray(0, HEAD_BYTES), { finishFlush: constants.Z_SYNC_FLUSH });
    const text = start.toString('latin1', 0, MAX_HEADER_BYTES);
    const [all = '', type = '', size = ''] = /^(commit|tree|blob|tag) (0|[1-9]\d*)\0/.exec(text) ?? [];
    return all === '' ? undefined : { type, size: Number(size), length: all.length };
  } catch {
    return undefined;
  }
}

async function inflateWhole(file: Buffer, length: number): Promise<Buffer> {
  // A file whose bytes inflate to more than its header says is damaged, or made to fill memory.
  const options = { maxOutputLength: length + 1 };
  return file.length <= SMALL_BYTES && length <= SMALL_BYTES
    ? inflateSync(file, options)
    : await inflateAside(file, options);
}
