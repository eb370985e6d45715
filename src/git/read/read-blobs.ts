/**
 * Reads blobs and other objects from a store, by one `git cat-file --batch`.
 * Rule: one at a time is in memory, however many are read.
 */
import type { Sha } from '../../core/transcript.ts';
import { GitFailure } from '../git-failure.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** Gives each blob's bytes to `use`, in the order of `ids`; the next is read when that is done. */
export async function readBlobs(
  store: Store,
  ids: readonly Sha[],
  use: (bytes: Buffer, id: Sha) => Promise<void>,
): Promise<void> {
  await readObjects(store, ids, async (id, type, bytes) => {
    if (type !== 'blob') throw new GitFailure('corrupt', `the store at ${store.dir} has no blob ${id}: ${type}`);
    await use(bytes, id);
  });
}

/** The same for objects of any type; the type is `missing` for those that the store has not. */
export async function readObjects(
  store: Store,
  ids: readonly Sha[],
  use: (id: Sha, type: string, bytes: Buffer) => Promise<void>,
): Promise<void> {
  if (ids.length === 0) return;
  let at = 0;
  const reader = createReader(async (header, bytes) => {
    const id = ids[at] as Sha;
    at += 1;
    const [named, type = ''] = header.split(' ');
    if (named !== id) throw new GitFailure('corrupt', `the store at ${store.dir} says: ${header}`);
    await use(id, type, bytes);
  });
  await streamGit(store.dir, ['cat-file', '--batch'], { input: ids.map((id) => `${id}\n`), take: reader });
  if (at < ids.length) throw new GitFailure('corrupt', `the store at ${store.dir} gave ${at} of ${ids.length} objects`);
}

/** Puts chunks together to records: `<id> <type> <size>`, a line break, the bytes, a line break. */
function createReader(use: (header: string, bytes: Buffer) => Promise<void>): (chunk: Buffer) => Promise<void> {
  let chunks: Buffer[] = [];
  let have = 0;
  let need = 1;
  return async (chunk) => {
    chunks.push(chunk);
    have += chunk.length;
    // Joined only when a whole record may be there, or a large blob would be copied with each chunk.
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
