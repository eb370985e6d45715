/**
 * Writes a commit of a tree that is already in the store.
 * Rule: uses no work tree and no index; without `author` the author is Coxswain.
 */
import type { Sha } from '../../core/transcript.ts';
import { streamGit } from '../run-git.ts';
import { noteTree } from '../store.ts';
import type { Store } from '../store.ts';

export interface Author {
  name: string;
  email: string;
  /** Any date that git can read; the default is now. */
  date?: string;
}

export async function commitTree(
  store: Store,
  { tree, parents, message, author }: { tree: Sha; parents: readonly Sha[]; message: string; author?: Author },
): Promise<Sha> {
  const env = author
    ? {
        GIT_AUTHOR_NAME: author.name,
        GIT_AUTHOR_EMAIL: author.email,
        ...(author.date ? { GIT_AUTHOR_DATE: author.date } : {}),
      }
    : {};
  const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-F', '-'];
  const { output } = await streamGit(store.dir, args, { input: [message], env });
  const commit = output.toString().trim() as Sha;
  noteTree(store, { commit, tree });
  return commit;
}
