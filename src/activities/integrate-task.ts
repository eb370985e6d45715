/**
 * `integrateTask`: puts a finished task's result onto the refactor's line, as one commit.
 * Rule: the merge happens in the object store, on trees; no work tree, and never a lost conflict.
 */
import type { IntegrateInput, IntegrateOutcome } from '../core/refactor-state.ts';
import type { Sha } from '../core/transcript.ts';
import { commitTree } from '../git/commit-tree.ts';
import { diffTrees } from '../git/diff-trees.ts';
import { mergeCommits } from '../git/merge-commits.ts';
import type { Store } from '../git/store.ts';
import { ensureCommit, treeOf } from '../git/store.ts';
import { advanceRef, findPlace, runRef } from './chain.ts';
import type { ActivityContext } from './context.ts';
import { storeOf } from './context.ts';
import type { ControlActivities } from './contract.ts';
import { withHeartbeats } from './perform.ts';

export function createIntegrateTask(context: ActivityContext): ControlActivities['integrateTask'] {
  return (input) =>
    withHeartbeats(async () => {
      const store = await storeOf(context, input.repository);
      for (const commit of [input.line, input.start, input.head]) await ensureCommit(store, { commit });
      const ref = runRef('refactors');
      const trailer = `Coxswain-Key: ${input.key}`;
      const place = await findPlace(store, ref, input.line, ({ message }) =>
        message.includes(trailer) ? 'done' : 'foreign',
      );
      if (place.done) return await describeMerge(store, input, place.done.commit);
      const merged = await mergeTask(store, input);
      if (merged.kind !== 'clean') return merged;
      const message = `${input.message}${trailer}\n`;
      const line = await commitTree(store, { tree: merged.tree, parents: [input.line], message });
      await advanceRef(store, ref, line, place.at);
      return await describeMerge(store, input, line);
    });
}

type Merged = { kind: 'clean'; tree: Sha } | Exclude<IntegrateOutcome, { kind: 'merged' }>;

async function mergeTask(store: Store, input: IntegrateInput): Promise<Merged> {
  const [lineTree, startTree, tree] = [
    await treeOf(store, input.line),
    await treeOf(store, input.start),
    await treeOf(store, input.head),
  ];
  if (tree === startTree) return { kind: 'unchanged' };
  if (lineTree === startTree) return { kind: 'clean', tree };
  // git 2.39 can't be told the merge base: the task's result as one commit on its start makes it find it.
  const theirs = await commitTree(store, { tree, parents: [input.start], message: 'result of a task\n' });
  const merge = await mergeCommits(store, { ours: input.line, theirs });
  if (merge.kind === 'conflict') return merge;
  return merge.tree === lineTree ? { kind: 'unchanged' } : merge;
}

async function describeMerge(store: Store, input: IntegrateInput, line: Sha): Promise<IntegrateOutcome> {
  const changed = await diffTrees(store, { from: input.line, to: line });
  return { kind: 'merged', line, tree: await treeOf(store, line), changed: changed.length };
}
