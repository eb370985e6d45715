/**
 * The bytes of one file of a commit.
 */
import type { Sha } from '../core/transcript.ts';
import { streamGit } from './run-git.ts';
import type { Store } from './store.ts';

/** The file's bytes, or null when the commit has no such file. */
export async function readFile(store: Store, { commit, path }: { commit: Sha; path: string }): Promise<Buffer | null> {
  const { status, output } = await streamGit(store.dir, ['cat-file', 'blob', `${commit}:${path}`], { expected: [128] });
  return status === 0 ? output : null;
}
