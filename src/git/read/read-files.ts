/**
 * Reads sizes of blobs, names in a commit's folders, and small files of a commit.
 * Rule: one process for all paths of a call, and no file over the caller's limit is read.
 */
import type { Sha } from '../../core/transcript.ts';
import { readBlobs } from './read-blobs.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** The size of each blob in bytes. */
export async function readSizes(store: Store, ids: readonly Sha[]): Promise<Map<Sha, number>> {
  if (ids.length === 0) return new Map();
  const { output } = await streamGit(store.dir, ['cat-file', '--batch-check=%(objectname) %(objectsize)'], {
    input: [ids.map((id) => `${id}\n`).join('')],
  });
  const sizes = output.toString('latin1').trim().split('\n');
  return new Map(sizes.map((line) => line.split(' ')).map(([id = '', size = '']) => [id as Sha, Number(size)]));
}

/** Full paths of the entries in folders of a commit. A folder is `''`, or ends with a slash. */
export async function listFolderNames(store: Store, commit: Sha, folders: readonly string[]): Promise<string[]> {
  const list = async (paths: readonly string[]): Promise<string[]> => {
    // Without -t, git does not list a folder that contains another of these folders.
    const args = ['ls-tree', '-t', '-z', '--name-only', '--full-tree', '--end-of-options', commit, ...paths];
    const { output } = await streamGit(store.dir, args);
    return output.toString('utf8').split('\0').slice(0, -1);
  };
  const below = folders.filter((folder) => folder !== '');
  return [...(folders.includes('') ? await list([]) : []), ...(below.length > 0 ? await list(below) : [])];
}

/** The bytes of those paths that are files of the commit with at most `maxBytes`. */
export async function readFiles(
  store: Store,
  { commit, paths, maxBytes }: { commit: Sha; paths: readonly string[]; maxBytes: number },
): Promise<Map<string, Buffer>> {
  if (paths.length === 0) return new Map();
  const args = ['ls-tree', '-z', '-l', '--full-tree', '--end-of-options', commit, '--', ...paths];
  const { output } = await streamGit(store.dir, args);
  const found = output
    .toString('utf8')
    .split('\0')
    .flatMap((line) => {
      const [, oid, size, path] = /^\d+ blob ([0-9a-f]+) +(\d+)\t(.+)$/s.exec(line) ?? [];
      return oid && path && Number(size) <= maxBytes ? [{ oid: oid as Sha, path }] : [];
    });
  const files = new Map<string, Buffer>();
  const rest = found.map(({ path }) => path).values();
  const ids = found.map(({ oid }) => oid);
  await readBlobs(store, ids, async (bytes) => {
    const path = rest.next().value;
    if (path !== undefined) files.set(path, Buffer.from(bytes));
    await Promise.resolve();
  });
  return files;
}
