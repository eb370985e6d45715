/**
 * Makes the tree of a base with some changed paths, in the store.
 * Rule: uses a temporary index, and no other file is read or written.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInPaths } from '../../core/paths.ts';
import type { Sha } from '../../core/transcript.ts';
import type { ChangedPath } from '../read/diff-trees.ts';
import { diffTrees } from '../read/diff-trees.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';
import { treeOf } from '../objects/tree-of.ts';

/** The tree of `base` with exactly these changes. */
export async function treeWith(store: Store, base: Sha, changed: readonly ChangedPath[]): Promise<Sha> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-tree-'));
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  try {
    await streamGit(store.dir, ['read-tree', base], { env });
    const update = ['update-index', '--add', '--replace', '-z', '--index-info'];
    await streamGit(store.dir, update, { env, input: indexLines(changed) });
    const { output } = await streamGit(store.dir, ['write-tree'], { env });
    return output.toString().trim() as Sha;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The tree of `head` with these paths and globs as they are in `from`. */
export async function putBack(
  store: Store,
  { head, from, paths }: { head: Sha; from: Sha; paths: readonly string[] },
): Promise<Sha> {
  const back = paths.length === 0 ? [] : await diffTrees(store, { from: head, to: from });
  const left = back.filter(({ path }) => isInPaths(path, paths));
  const tree = await treeOf(store, head);
  return left.length === 0 ? tree : await treeWith(store, tree, left);
}

/** Lines for `--index-info`, deletions first: another change may need a folder in place of a deleted file. */
async function* indexLines(changed: readonly ChangedPath[]): AsyncIterable<Buffer> {
  const isGone = ({ status }: ChangedPath): boolean => status === 'D';
  for (const { mode, oid, rawPath } of [...changed.filter(isGone), ...changed.filter((one) => !isGone(one))])
    yield Buffer.concat([Buffer.from(`${mode === '000000' ? '0' : mode} ${oid}\t`), rawPath, Buffer.from('\0')]);
}
