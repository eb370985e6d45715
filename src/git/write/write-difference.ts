/**
 * Writes the difference between two trees into an empty folder: hydration of a workspace in O(changes).
 * Rule: bytes, modes and links are exact, nothing is written outside the folder, and what must go away is handed to the
 * caller, who knows how a layer says so.
 */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import type { Sha } from '../../core/transcript.ts';
import type { ChangedPath } from '../read/diff-trees.ts';
import { diffTrees } from '../read/diff-trees.ts';
import { GitFailure } from '../git-failure.ts';
import { readBlobs } from '../read/read-blobs.ts';
import { isSafePath, staysInside } from '../safe-path.ts';
import type { Store } from '../store.ts';

/** What is written where. */
export interface DifferenceRequest {
  /** Commit or tree that the layers below show, and the one to be shown. */
  from: Sha;
  to: Sha;
  into: string;
  /**
   * Called for each file that must vanish, before anything is written: where a folder becomes a file, for each file
   * that was in the folder; where a file becomes a folder, for the file.
   */
  markDeleted: (path: Buffer) => Promise<void>;
}

/** A submodule, which is an empty folder in each checkout of ours. */
export const GITLINK = '160000';

/** Writes every file that differs; a path that changes between file and folder is marked deleted first. */
export async function writeDifference(store: Store, { from, to, into, markDeleted }: DifferenceRequest): Promise<void> {
  const changed = await diffTrees(store, { from, to });
  refuseUnsafe(changed);
  for (const { rawPath, status, oldMode } of changed) {
    if (status === 'D' && oldMode !== GITLINK) await markDeleted(rawPath);
  }
  const writes = changed.filter(({ status, mode }) => status !== 'D' && mode !== GITLINK);
  const root = Buffer.from(`${into}/`);
  let next = 0;
  await readBlobs(
    store,
    writes.map(({ oid }) => oid),
    async (bytes) => {
      const { rawPath, mode } = writes[next] as ChangedPath;
      next += 1;
      const path = Buffer.concat([root, rawPath]);
      await mkdir(path.subarray(0, path.lastIndexOf(0x2f)), { recursive: true });
      if (mode === '120000') return await symlink(bytes, path);
      await writeFile(path, bytes, { flag: 'wx' });
      await chmod(path, mode === '100755' ? 0o755 : 0o644);
    },
  );
}

/** A tree made by hand may name its parent folder, or have a link and a folder of one name: neither is ever written. */
function refuseUnsafe(changed: readonly ChangedPath[]): void {
  const links = new Set(
    changed.filter(({ mode }) => mode === '120000').map(({ rawPath }) => rawPath.toString('latin1')),
  );
  for (const { rawPath, path, status } of changed) {
    const parts = rawPath.toString('latin1').split('/');
    // What is deleted may have been in a folder that is a link now.
    const isBelowLink = parts.some((_, depth) => depth > 0 && links.has(parts.slice(0, depth).join('/')));
    // A base may have had more than is ever written, and an agent may take that away.
    if (status === 'D' ? staysInside(rawPath) : isSafePath(rawPath) && !isBelowLink) continue;
    throw new GitFailure('corrupt', `a tree of the repository names ${JSON.stringify(path)}, which is never written`);
  }
}
