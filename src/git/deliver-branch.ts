/**
 * Delivers a commit as a branch of the user's repository.
 * Rule: check, then act; the same commit twice is once, and another branch of that name is never overwritten.
 */
import type { Sha } from '../core/transcript.ts';
import { GitFailure } from './git-failure.ts';
import { checkRefName } from './ref-name.ts';
import { listRemote, pushWithLease } from './run-remote.ts';
import type { Store } from './store.ts';

/** What came of it. A refusal is the repository's own word: trying again does not change it. */
export type Delivery =
  | { kind: 'delivered'; ref: string }
  | { kind: 'exists'; at: Sha }
  | { kind: 'refused'; reason: string };

/** Where a branch of a repository stands; null when there is none. */
export async function readRemoteBranch(
  store: Store,
  { repository, branch }: { repository: string; branch: string },
): Promise<Sha | null> {
  const ref = `refs/heads/${branch}`;
  return (await listRemote(store, repository, [ref])).get(ref) ?? null;
}

/**
 * Pushes exactly one commit, with what it stands on, as a new branch. Throws only where the repository can't be asked.
 */
export async function deliverBranch(
  store: Store,
  { repository, branch, commit }: { repository: string; branch: string; commit: Sha },
): Promise<Delivery> {
  const problem = checkRefName(branch);
  if (problem !== undefined) return { kind: 'refused', reason: `branch name ${JSON.stringify(branch)} ${problem}` };
  const ref = `refs/heads/${branch}`;
  try {
    const before = await readDelivered(store, repository, ref, commit);
    if (before) return before;
    try {
      await pushWithLease(store, repository, { ref, to: commit, expected: null });
      return { kind: 'delivered', ref };
    } catch (error) {
      const after = await readDelivered(store, repository, ref, commit);
      if (after) return after;
      throw error;
    }
  } catch (error) {
    if (!(error instanceof GitFailure) || error.kind === 'unreachable') throw error;
    return { kind: 'refused', reason: (error.facts['words'] ?? error.message).slice(0, 1000) };
  }
}

async function readDelivered(store: Store, repository: string, ref: string, commit: Sha): Promise<Delivery | null> {
  const at = (await listRemote(store, repository, [ref])).get(ref);
  if (at === undefined) return null;
  return at === commit ? { kind: 'delivered', ref } : { kind: 'exists', at };
}
