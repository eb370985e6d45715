/**
 * The paths of a commit's files.
 */
import type { Sha } from '../core/transcript.ts';
import { streamGit } from './run-git.ts';
import type { Store } from './store.ts';

/** Paths of all files of a commit, or of those under a folder. */
export async function listFiles(store: Store, { commit, under }: { commit: Sha; under?: string }): Promise<string[]> {
  const args = ['ls-tree', '-r', '-z', '--name-only', '--full-tree', '--end-of-options', commit];
  const { output } = await streamGit(store.dir, under === undefined ? args : [...args, under]);
  return output
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '');
}
