/**
 * Delivers a commit as a new branch of the user's repository.
 * Rule: delivering the same commit twice has the effect of once, and an existing branch is never overwritten.
 */
import { checkNewBranch } from '../../core/branch-name.ts';
import type { Sha } from '../../core/transcript.ts';
import { deliverToFolder } from './deliver-to-folder.ts';
import { addRemedy, GitFailure } from '../git-failure.ts';
import { reach } from '../reach.ts';
import { listRemote, pushWithLease } from './run-remote.ts';
import type { Store } from '../store.ts';

/** The result. `exists`: another commit has that branch. `refused`: the repository says no; a retry does not help. */
export type Delivery =
  /** `skippedHooks`: hooks of the repository that a push would have run and a delivery by path did not. */
  | { kind: 'delivered'; ref: string; skippedHooks?: string[] }
  | { kind: 'exists'; at: Sha }
  | { kind: 'refused'; reason: string };

/** The commit of a repository's branch; null if there is no such branch. */
export async function readRemoteBranch(
  store: Store,
  { repository, branch }: { repository: string; branch: string },
): Promise<Sha | null> {
  const ref = `refs/heads/${branch}`;
  return (await listRemote(store, repository, [ref])).get(ref) ?? null;
}

/** The names of a repository's branches, with their commits. */
export async function listBranches(store: Store, repository: string): Promise<Map<string, Sha>> {
  const heads = 'refs/heads/';
  const refs = await listRemote(store, repository, [`${heads}*`]);
  return new Map([...refs].map(([ref, at]) => [ref.slice(heads.length), at]));
}

/**
 * Pushes one commit with its history as a new branch. Throws only if the repository can't be reached.
 */
export async function deliverBranch(
  store: Store,
  { repository, branch, commit }: { repository: string; branch: string; commit: Sha },
): Promise<Delivery> {
  const problem = checkNewBranch(branch);
  if (problem !== undefined) return { kind: 'refused', reason: `branch name ${JSON.stringify(branch)} ${problem}` };
  const ref = `refs/heads/${branch}`;
  try {
    const before = await readDelivered(store, repository, ref, commit);
    if (before) return before;
    try {
      const skippedHooks = await push(store, repository, { ref, commit });
      return { kind: 'delivered', ref, ...(skippedHooks.length > 0 ? { skippedHooks } : {}) };
    } catch (error) {
      const after = await readDelivered(store, repository, ref, commit);
      if (after) return after;
      throw error;
    }
  } catch (error) {
    if (!(error instanceof GitFailure) || error.kind === 'unreachable') throw error;
    const { words } = error.facts;
    const reason = words === undefined ? error.message : addRemedy(error.kind, words.slice(0, 1000));
    return { kind: 'refused', reason: reason.slice(0, 1500) };
  }
}

/** Makes the branch if it does not exist; returns the hooks that were not run. */
async function push(
  store: Store,
  repository: string,
  { ref, commit }: { ref: string; commit: Sha },
): Promise<string[]> {
  const reached = await reach(store.access, repository);
  if (reached.kind === 'folder') {
    const refs = await listRemote(store, repository);
    return await deliverToFolder(store, reached, { ref, commit, refs });
  }
  await pushWithLease(store, repository, { ref, to: commit, expected: null });
  return [];
}

async function readDelivered(store: Store, repository: string, ref: string, commit: Sha): Promise<Delivery | null> {
  const at = (await listRemote(store, repository, [ref])).get(ref);
  if (at === undefined) return null;
  return at === commit ? { kind: 'delivered', ref } : { kind: 'exists', at };
}
