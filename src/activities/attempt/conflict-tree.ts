/**
 * Hands the tree of a merge that conflicts from the host that merged to the one that begins the next agent.
 * Rule: what a later activity needs is in the hub before the workflow hears of it; a tree alone never gets there, so it
 * goes as a commit, beside the refs of its refactor, and is kept and removed with them.
 */
import type { Sha } from '../../core/transcript.ts';
import { commitTree } from '../../git/write/commit-tree.ts';
import { fetchInto, hasObject } from '../../git/remote/fetch-commit.ts';
import { moveRef } from '../../git/remote/move-ref.ts';
import { nameRef } from '../../git/remote/hub-refs.ts';
import { HUB } from '../../git/reach.ts';
import { readRef } from '../../git/remote/read-ref.ts';
import type { Store } from '../../git/store.ts';
import { refBeside } from './chain.ts';

/** Puts the tree into the hub. The same conflict found again finds it there. */
export async function storeConflict(
  store: Store,
  { refactor, line, tree, files }: { refactor: string; line: Sha; tree: Sha; files: readonly string[] },
): Promise<void> {
  const ref = conflictRef(refactor, tree);
  const before = await readRef(store, ref);
  if (before !== null) return;
  const message = `conflict in ${files.join(', ')}\n`;
  const commit = await commitTree(store, { tree, parents: [line], message });
  await moveRef(store, { ref, to: commit, from: before });
}

/** Makes sure that this host has the tree. */
export async function ensureConflict(store: Store, refactor: string, tree: Sha): Promise<void> {
  if (store.remote === undefined || (await hasObject(store, tree))) return;
  await fetchInto(store, HUB, await nameRef(store, conflictRef(refactor, tree)));
}

function conflictRef(refactor: string, tree: Sha): string {
  return refBeside('refactors', refactor, `conflict-${tree.slice(0, 16)}`);
}
