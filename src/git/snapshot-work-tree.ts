/**
 * Commits a plain work tree as it stands; only for the explicit mode without isolation.
 * Rule: the work tree's own configuration is not read, since the store's is named; its attributes are, so this is no
 * boundary.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Sha } from '../core/transcript.ts';
import { commitTree } from './commit-tree.ts';
import { streamGit } from './run-git.ts';
import type { Store } from './store.ts';

/** The work tree's files, ignored ones left out, as a child of `parent`. Moves no ref. */
export async function snapshotWorkTree(
  store: Store,
  { workTree, parent, message }: { workTree: string; parent: Sha; message: string },
): Promise<{ commit: Sha; tree: Sha }> {
  const scratch = await mkdtemp(join(tmpdir(), 'coxswain-index-'));
  try {
    const env = { GIT_INDEX_FILE: join(scratch, 'index'), GIT_WORK_TREE: resolve(workTree) };
    await streamGit(store.dir, ['read-tree', parent], { env });
    await streamGit(store.dir, ['add', '--all'], { env });
    const { output } = await streamGit(store.dir, ['write-tree'], { env });
    const tree = output.toString().trim() as Sha;
    return { commit: await commitTree(store, { tree, parents: [parent], message }), tree };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
