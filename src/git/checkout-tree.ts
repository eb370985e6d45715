/**
 * Writes a commit's whole tree into a folder.
 * Rule: bytes are exact, no `.git` is left, and the index is the call's own.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Sha } from '../core/transcript.ts';
import { streamGit } from './run-git.ts';
import type { Store } from './store.ts';

/** Materialises a commit in `into`, which is made where it is missing. */
export async function checkoutTree(store: Store, { commit, into }: { commit: Sha; into: string }): Promise<void> {
  await mkdir(into, { recursive: true });
  const scratch = await mkdtemp(join(tmpdir(), 'coxswain-index-'));
  try {
    const env = { GIT_INDEX_FILE: join(scratch, 'index'), GIT_WORK_TREE: resolve(into) };
    // Without a filter driver and with the store's attributes, checkout writes blobs as they are.
    await streamGit(store.dir, ['read-tree', commit], { env });
    await streamGit(store.dir, ['checkout-index', '--all', '--force', '--quiet'], { env });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
