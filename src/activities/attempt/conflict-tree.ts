/**
 * Hands the tree of a conflicting merge from the host that merged to the host that begins the merge agent.
 * Rule: what a later activity needs is in the hub before the workflow hears of it. Git does not push a tree alone, so
 * the tree goes as a commit. Its ref is in the folder of the refactor's refs and is removed with them.
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

/** Puts the tree into the hub; does nothing where the same conflict is there already. */
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

/** Fetches the tree from the hub if this host does not have it. */
export async function ensureConflict(store: Store, refactor: string, tree: Sha): Promise<void> {
  if (store.remote === undefined || (await hasObject(store, tree))) return;
  await fetchInto(store, HUB, await nameRef(store, conflictRef(refactor, tree)));
}

function conflictRef(refactor: string, tree: Sha): string {
  return refBeside('refactors', refactor, `conflict-${tree.slice(0, 16)}`);
}
