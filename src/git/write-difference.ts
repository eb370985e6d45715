/**
 * Writes the difference between two trees into an empty folder: hydration of a workspace in O(changes).
 * Rule: bytes, modes and links are exact; what must go away is handed to the caller, who knows how a layer says so.
 */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import type { Sha } from '../core/transcript.ts';
import { diffTrees } from './diff-trees.ts';
import { streamGit } from './run-git.ts';
import type { Store } from './store.ts';

export interface DifferenceRequest {
  /** Commit or tree that the layers below show, and the one to be shown. */
  from: Sha;
  to: Sha;
  into: string;
  /** Called for each path that must vanish, before anything is written. */
  markDeleted: (path: Buffer) => Promise<void>;
}

/** Writes every file that differs; a path that changes between file and folder is marked deleted first. */
export async function writeDifference(store: Store, { from, to, into, markDeleted }: DifferenceRequest): Promise<void> {
  const changed = await diffTrees(store, { from, to });
  for (const { rawPath, status } of changed) {
    if (status === 'D') await markDeleted(rawPath);
  }
  const writes = changed.filter(({ status, mode }) => status !== 'D' && mode !== '160000');
  const blobs = await readBlobs(store, [...new Set(writes.map(({ oid }) => oid))]);
  const root = Buffer.from(`${into}/`);
  for (const { rawPath, mode, oid } of writes) {
    const bytes = blobs.get(oid);
    if (!bytes) throw new Error(`blob ${oid} is missing`);
    const path = Buffer.concat([root, rawPath]);
    await mkdir(path.subarray(0, path.lastIndexOf(0x2f)), { recursive: true });
    if (mode === '120000') await symlink(bytes, path);
    else {
      await writeFile(path, bytes);
      await chmod(path, mode === '100755' ? 0o755 : 0o644);
    }
  }
}

/** Reads blobs by one `cat-file --batch`. */
async function readBlobs(store: Store, ids: readonly Sha[]): Promise<Map<Sha, Buffer>> {
  const blobs = new Map<Sha, Buffer>();
  if (ids.length === 0) return blobs;
  const { output } = await streamGit(store.dir, ['cat-file', '--batch'], { input: lines(ids) });
  let at = 0;
  for (const id of ids) {
    const end = output.indexOf(0x0a, at);
    const size = Number(output.subarray(at, end).toString('latin1').split(' ')[2]);
    if (!Number.isInteger(size)) throw new Error(`blob ${id} is missing`);
    blobs.set(id, output.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return blobs;
}

async function* lines(ids: readonly Sha[]): AsyncIterable<string> {
  yield `${ids.join('\n')}\n`;
}
