/**
 * Finds the tree of a commit.
 * Rule: the answer is kept, also for stores that are left to git: a commit's tree never changes, and each step looks up
 * the same ones several times.
 */
import type { Sha } from '../../core/transcript.ts';
import { runGit } from '../run-git.ts';
import type { Store } from '../store.ts';
import { readTreeOf } from './commit.ts';

const trees = new Map<string, Sha>();
/** A step needs two or three of them. */
const MAX_TREES = 1000;

/** The tree of a commit. */
export async function treeOf(store: Store, commit: Sha): Promise<Sha> {
  const known = trees.get(`${store.dir} ${commit}`) ?? (await readTreeOf(store, commit));
  if (known) return known;
  const args = ['rev-parse', '--verify', '--end-of-options', `${commit}^{tree}`];
  const tree = (await runGit(store.dir, args)).trim() as Sha;
  noteTree(store, { commit, tree });
  return tree;
}

/** Keeps the tree of a new commit that git made. */
export function noteTree(store: Store, { commit, tree }: { commit: Sha; tree: Sha }): void {
  trees.set(`${store.dir} ${commit}`, tree);
  const [oldest] = trees.keys();
  if (trees.size > MAX_TREES && oldest !== undefined) trees.delete(oldest);
}
