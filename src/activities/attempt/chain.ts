/**
 * The chain of the run that an activity works for: where its ref stands, and whether an earlier attempt did this work.
 * Rule: the ref is moved only by compare-and-swap, so the work of a superseded attempt is thrown away whole.
 */
import { Context } from '@temporalio/activity';
import type { Entry, Sha } from '../../core/transcript.ts';
import { formatCheckpointMessage } from '../../core/transcript.ts';
import { commitTree } from '../../git/write/commit-tree.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import { moveRef } from '../../git/remote/move-ref.ts';
import type { ChainLink } from '../../git/read/read-chain.ts';
import { readLink } from '../../git/read/read-chain.ts';
import { readRef } from '../../git/remote/read-ref.ts';
import { refFolder } from '../../git/ref-name.ts';
import type { Store } from '../../git/store.ts';
import { fail } from './failures.ts';

/** The id of the workflow that the running activity belongs to. */
export function ownWorkflowId(): string {
  return ownExecution().workflowId;
}

function ownExecution(): { workflowId: string; runId: string } {
  const execution = Context.current().info.workflowExecution;
  if (!execution) throw new Error('this activity belongs to a workflow');
  return execution;
}

/** A ref in the folder of a workflow's refs: it is removed together with the refs of the workflow's runs. */
export function refBeside(kind: 'agents' | 'refactors', workflowId: string, name: string): string {
  return `${refFolder(kind, workflowId)}/${name}`;
}

/** The ref of the running workflow run: `refs/coxswain/<kind>/<workflow id>/<run id>`. */
export function runRef(kind: 'agents' | 'refactors'): string {
  const { workflowId, runId } = ownExecution();
  return refBeside(kind, workflowId, runId);
}

export interface ChainPosition {
  /** Where the ref stands; null before the run's first checkpoint. */
  at: Sha | null;
  /** The checkpoint that an earlier attempt of the same work stored; null where there is none. */
  done: ChainLink | null;
}

/** Looks where the run's ref stands before work on `head` begins; `classify` says whose work a child of `head` is. */
export async function findPosition(
  store: Store,
  ref: string,
  head: Sha,
  classify: (link: ChainLink) => 'done' | 'abandoned' | 'foreign',
): Promise<ChainPosition> {
  const at = await readRef(store, ref);
  if (at === null || at === head) return { at, done: null };
  // If an attempt on another host moved the ref, only the hub has that commit.
  await ensureCommit(store, { commit: at, ref });
  const link = await readLink(store, at);
  const found = link.parent === head ? classify(link) : 'foreign';
  if (found === 'done') return { at, done: link };
  // The workflow never heard of this checkpoint and continued from `head`: the new checkpoint replaces it.
  if (found === 'abandoned') return { at, done: null };
  throw fail(
    'Superseded',
    `${ref} is at ${at.slice(0, 10)}, not at ${head.slice(0, 10)}: another attempt is ahead, so this attempt's work is thrown away`,
  );
}

/**
 * Classifies a checkpoint by its idempotency key, `<kind>/<step>`. `done`: an earlier attempt did the same work.
 * `abandoned`: an earlier step was cancelled just as its checkpoint was stored, so the workflow never heard of it.
 */
export function classifyByKey(key: string): (link: ChainLink) => 'done' | 'abandoned' | 'foreign' {
  return ({ entry }) => {
    if (entry?.key === key) return 'done';
    return entry && orderOf(entry.key) < orderOf(key) ? 'abandoned' : 'foreign';
  };
}

/** Orders thinks and acts by their steps; any other key comes first. */
function orderOf(key: string): number {
  const [, kind, step] = /^(think|act)\/(\d+)$/.exec(key) ?? [];
  return step === undefined ? -1 : Number(step) * 2 + (kind === 'act' ? 1 : 0);
}

/**
 * Moves the run's ref to a commit made on `head`. If another attempt moved the ref first, this attempt fails; the next
 * one looks at the ref and adopts the result if it is of the same work.
 */
export async function advanceRef(store: Store, ref: string, to: Sha, from: Sha | null): Promise<void> {
  if ((await moveRef(store, { ref, to, from })) === 'moved') return;
  throw fail('Superseded', `${ref} moved while this attempt worked: the attempt's work is thrown away`, {
    final: false,
  });
}

/** Writes a checkpoint with the given tree. A person's commit (`wheel`) becomes its second parent, so git keeps it. */
export async function writeEntry(
  store: Store,
  checkpoint: { parent: Sha; wheel?: Sha | null; tree: Sha; subject: string; entry: Entry },
): Promise<Sha> {
  const { parent, wheel, tree, subject, entry } = checkpoint;
  const parents = wheel ? [parent, wheel] : [parent];
  return await commitTree(store, { tree, parents, message: formatCheckpointMessage(subject, entry) });
}
