/**
 * Writes a commit's whole tree into a folder.
 * Rule: bytes are exact, no `.git` is left, and the index is temporary unless the caller names a file for it.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** Checks out a commit into `into`, which is made if it is missing. `index`: the file to write the index to. */
export async function checkoutTree(
  store: Store,
  { commit, into, index }: { commit: Sha; into: string; index?: string },
): Promise<void> {
  await mkdir(into, { recursive: true });
  const scratch = await mkdtemp(join(tmpdir(), 'coxswain-index-'));
  try {
    const env = { GIT_INDEX_FILE: index ?? join(scratch, 'index'), GIT_WORK_TREE: resolve(into) };
    // With no filter configured and the store's attributes, checkout writes the blobs' bytes unchanged.
    await streamGit(store.dir, ['read-tree', commit], { env });
    const keep = index === undefined ? [] : ['--index'];
    await streamGit(store.dir, ['checkout-index', '--all', '--force', '--quiet', ...keep], { env });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Marks paths in an index as unchanged, whatever their files contain. */
export async function assumeUnchanged(
  store: Store,
  { index, tree, paths }: { index: string; tree: string; paths: readonly string[] },
): Promise<void> {
  const env = { GIT_INDEX_FILE: index, GIT_WORK_TREE: resolve(tree) };
  const input = paths.map((path) => `${path}\0`);
  await streamGit(store.dir, ['update-index', '--assume-unchanged', '-z', '--stdin'], { env, input });
}
