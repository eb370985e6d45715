/**
 * Merges two commits in the store.
 * Rule: uses no work tree; a conflict is a result, not an error, and its tree has the conflict markers.
 */
import type { Sha } from '../../core/transcript.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

export type Merge = { kind: 'clean'; tree: Sha } | { kind: 'conflict'; tree: Sha; files: string[] };

/** Merges `theirs` into `ours`. */
export async function mergeCommits(store: Store, { ours, theirs }: { ours: Sha; theirs: Sha }): Promise<Merge> {
  const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', ours, theirs];
  const { status, output } = await streamGit(store.dir, args, { expected: [1] });
  const [tree = '', ...files] = output
    .toString('utf8')
    .split('\0')
    .filter((field) => field !== '');
  return status === 0
    ? { kind: 'clean', tree: tree as Sha }
    : { kind: 'conflict', tree: tree as Sha, files: [...new Set(files)] };
}
