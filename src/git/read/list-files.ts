/**
 * Lists the paths of a commit's files.
 */
import type { Sha } from '../../core/transcript.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

const LIST = ['ls-tree', '-r', '-z', '--name-only', '--full-tree', '--end-of-options'];

/** Paths of all files of a commit, as byte strings (latin1), since names need not be valid Unicode. */
export async function listRawFiles(store: Store, commit: Sha): Promise<string[]> {
  const { output } = await streamGit(store.dir, [...LIST, commit]);
  return output.toString('latin1').split('\0').slice(0, -1);
}

/** Paths of all files of a commit, or of those in a folder. */
export async function listFiles(store: Store, { commit, under }: { commit: Sha; under?: string }): Promise<string[]> {
  const args = [...LIST, commit];
  const { output } = await streamGit(store.dir, under === undefined ? args : [...args, under]);
  return output
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '');
}
