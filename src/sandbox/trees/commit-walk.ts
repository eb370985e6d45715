/**
 * Commits the changes that a walk found, in the same way for all kinds of workspaces.
 * Rule: the same changes give the same tree, for overlays and for plain folders.
 */
import type { Sha } from '../../core/transcript.ts';
import { commitCheckpoint } from '../../git/write/commit-checkpoint.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import type { Store } from '../../git/store.ts';
import type { CheckpointResult, CheckpointFacts } from './checkpoint-facts.ts';
import { restorePointers } from '../files/lfs-layer.ts';
import type { UpperWalk } from './walk-upper.ts';

/** Commits the walk's changes to `base` as a child of `parent`. `layer` is the folder of the base layer. */
export async function commitWalk(
  store: Store,
  walking: Promise<UpperWalk>,
  {
    base,
    layer,
    parent,
    message,
  }: { base: Sha; layer: string; parent: Sha; message: (facts: CheckpointFacts) => string },
): Promise<CheckpointResult> {
  const [{ changes: found, leftOut, notes }, baseTree] = await Promise.all([walking, treeOf(store, base)]);
  const changes = await restorePointers(layer, found);
  const facts = { changed: new Set(changes.map(({ path }) => path.toString('latin1'))).size, leftOut, notes };
  const made = await commitCheckpoint(store, { parent, baseTree, changes, message: message(facts) });
  return { ...facts, commit: made.commit, tree: made.tree };
}
