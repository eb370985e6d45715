/**
 * Delivers a commit as a branch of the user's repository.
 * Rule: check, then act; the same commit twice is once, and another branch of that name is never overwritten.
 */
import { escapeForPeople } from '../core/escape.ts';
import type { Sha } from '../core/transcript.ts';
import { GitFailure } from './git-failure.ts';
import { runGit } from './run-git.ts';
import type { Store } from './store.ts';

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
  const listed = await runGit(store.dir, ['ls-remote', '--refs', '--end-of-options', repository, ref]);
  return (listed
    .split('\n')
    .find((line) => line.endsWith(`\t${ref}`))
    ?.split('\t')[0] ?? null) as Sha | null;
}

/** Pushes exactly one commit as a new branch. */
export async function deliverBranch(
  store: Store,
  { repository, branch, commit }: { repository: string; branch: string; commit: Sha },
): Promise<Delivery> {
  const ref = `refs/heads/${branch}`;
  const before = await readRemoteBranch(store, { repository, branch });
  if (before === commit) return { kind: 'delivered', ref };
  if (before !== null) return { kind: 'exists', at: before };
  try {
    await runGit(store.dir, [
      'push',
      '--quiet',
      `--force-with-lease=${ref}:`,
      '--end-of-options',
      repository,
      `${commit}:${ref}`,
    ]);
    return { kind: 'delivered', ref };
  } catch (error) {
    const after = await readRemoteBranch(store, { repository, branch });
    if (after === commit) return { kind: 'delivered', ref };
    if (after !== null) return { kind: 'exists', at: after };
    if (error instanceof GitFailure && error.kind === 'unreachable') throw error;
    const words = error instanceof GitFailure ? (error.facts['words'] ?? error.message) : String(error);
    return { kind: 'refused', reason: escapeForPeople(words).slice(0, 1000) };
  }
}
