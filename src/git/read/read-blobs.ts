/**
 * Reads blobs and other objects from a store: a few here, many by one `git cat-file --batch`.
 * Rule: only one object at a time is in memory.
 */
import type { Sha } from '../../core/transcript.ts';
import { GitFailure } from '../git-failure.ts';
import { readObject } from '../objects/read-object.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** Most objects that are read here, one after the other. Starting git takes as long as reading about so many. */
const MAX_READ_HERE = 50;

/** Calls `use` with each blob's bytes, in the order of `ids`. The next blob is read once `use` is done. */
export async function readBlobs(
  store: Store,
  ids: readonly Sha[],
  use: (bytes: Buffer, id: Sha) => Promise<void>,
): Promise<void> {
  await readObjects(store, ids, async (id, type, bytes) => {
    if (type !== 'blob') throw new GitFailure('corrupt', `the store at ${store.dir} has no blob ${id} (${type})`);
    await use(bytes, id);
  });
}

/** Calls `use` with each object of any type. The type is `missing` for objects that the store lacks. */
export async function readObjects(
  store: Store,
  ids: readonly Sha[],
  use: (id: Sha, type: string, bytes: Buffer) => Promise<void>,
): Promise<void> {
  if (ids.length > MAX_READ_HERE) return await readByGit(store, ids, use);
  for (const id of ids) {
    const object = await readObject(store, id);
    if (object) await use(id, object.type, object.bytes);
    else await readByGit(store, [id], use);
  }
}

async function readByGit(
  store: Store,
  ids: readonly Sha[],
  use: (id: Sha, type: string, bytes: Buffer) => Promise<void>,
): Promise<void> {
  let at = 0;
  const reader = createReader(async (header, bytes) => {
    const id = ids[at] as Sha;
    at += 1;
    const [named, type = ''] = header.split(' ');
    if (named !== id) throw new GitFailure('corrupt', `the store at ${store.dir} returned for ${id}: ${header}`);
    await use(id, type, bytes);
  });
  await streamGit(store.dir, ['cat-file', '--batch'], { input: ids.map((id) => `${id}\n`), take: reader });
  if (at < ids.length)
    throw new GitFailure('corrupt', `the store at ${store.dir} returned ${at} of ${ids.length} objects`);
}

/** Joins chunks to records: `<id> <type> <size>`, a line break, the bytes, a line break. */
function createReader(use: (header: string, bytes: Buffer) => Promise<void>): (chunk: Buffer) => Promise<void> {
  let chunks: Buffer[] = [];
  let have = 0;
  let need = 1;
  return async (chunk) => {
    chunks.push(chunk);
    have += chunk.length;
    // Chunks are joined only when a whole record may be there; otherwise each chunk would copy a large blob again.
    while (have >= need) {
      const joined = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      const end = joined.indexOf(0x0a);
      const header = joined.toString('latin1', 0, Math.max(end, 0));
      const size = Number(header.split(' ')[2]);
      const total = end < 0 ? have + 1 : end + 1 + (Number.isInteger(size) ? size + 1 : 0);
      if (have < total) {
        chunks = [joined];
        need = total;
        return;
      }
      const rest = joined.subarray(total);
      chunks = rest.length === 0 ? [] : [rest];
      have = rest.length;
      need = 1;
      await use(header, joined.subarray(end + 1, Math.max(total - 1, end + 1)));
    }
  };
}
