/**
 * Writes the difference between two trees into an empty folder, in time that grows with the changes.
 * Rule: bytes, modes and links are exact, nothing is written outside of the folder, and deleted paths go to the caller,
 * which marks them as its layer needs it.
 */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import type { Sha } from '../../core/transcript.ts';
import type { ChangedPath } from '../read/diff-trees.ts';
import { diffTrees } from '../read/diff-trees.ts';
import { GitFailure } from '../git-failure.ts';
import { readBlobs } from '../read/read-blobs.ts';
import { isSafePath, staysInside } from '../safe-path.ts';
import type { Store } from '../store.ts';

/** Which difference to write, and where. */
export interface DifferenceRequest {
  /** The commit or tree of the layers below, and the wanted one. */
  from: Sha;
  to: Sha;
  into: string;
  /**
   * Called for each deleted file before anything is written. If a folder becomes a file: for each file of the folder.
   * If a file becomes a folder: for the file.
   */
  markDeleted: (path: Buffer) => Promise<void>;
}

/** The mode of a submodule, which is an empty folder in our checkouts. */
export const GITLINK = '160000';

/** Writes every file that differs. Throws a GitFailure if a tree has an unsafe path. */
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

/** Refuses paths that leave the folder or lie below a link: a tree made by hand can contain both. */
function refuseUnsafe(changed: readonly ChangedPath[]): void {
  const links = new Set(
    changed.filter(({ mode }) => mode === '120000').map(({ rawPath }) => rawPath.toString('latin1')),
  );
  for (const { rawPath, path, status } of changed) {
    const parts = rawPath.toString('latin1').split('/');
    // A deleted file may have been in a folder that is a link now.
    const isBelowLink = parts.some((_, depth) => depth > 0 && links.has(parts.slice(0, depth).join('/')));
    // A base may contain paths that are never written, and an agent may delete them.
    if (status === 'D' ? staysInside(rawPath) : isSafePath(rawPath) && !isBelowLink) continue;
    throw new GitFailure('corrupt', `a tree of the repository has the unsafe path ${JSON.stringify(path)}`);
  }
}
