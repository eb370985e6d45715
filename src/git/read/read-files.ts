/**
 * Reads sizes of blobs, names in a commit's folders, and small files of a commit.
 * Rule: at most one process for all paths of a call, and no file over the caller's limit is read.
 */
import type { Sha } from '../../core/transcript.ts';
import { readTreeOf } from '../objects/commit.ts';
import { readHeader, readObject } from '../objects/read-object.ts';
import { FOLDER, findPath, isBlob, readTree } from '../objects/tree.ts';
import { readBlobs } from './read-blobs.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** Most objects or paths that are looked up here. Starting git takes as long as looking up about so many. */
const MAX_LOOKS = 50;

/** The size of each blob in bytes. */
export async function readSizes(store: Store, ids: readonly Sha[]): Promise<Map<Sha, number>> {
  if (ids.length === 0) return new Map();
  const here = ids.length <= MAX_LOOKS ? await readSizesHere(store, ids) : undefined;
  if (here) return here;
  const { output } = await streamGit(store.dir, ['cat-file', '--batch-check=%(objectname) %(objectsize)'], {
    input: [ids.map((id) => `${id}\n`).join('')],
  });
  const sizes = output.toString('latin1').trim().split('\n');
  return new Map(sizes.map((line) => line.split(' ')).map(([id = '', size = '']) => [id as Sha, Number(size)]));
}

async function readSizesHere(store: Store, ids: readonly Sha[]): Promise<Map<Sha, number> | undefined> {
  const sizes = new Map<Sha, number>();
  for (const id of ids) {
    const header = await readHeader(store, id);
    if (!header) return undefined;
    sizes.set(id, header.size);
  }
  return sizes;
}

/** Full paths of the entries in folders of a commit. A folder is `''`, or ends with a slash. */
export async function listFolderNames(store: Store, commit: Sha, folders: readonly string[]): Promise<string[]> {
  const here = folders.length <= MAX_LOOKS ? await listFoldersHere(store, commit, folders) : undefined;
  if (here) return here;
  const list = async (paths: readonly string[]): Promise<string[]> => {
    // Without -t, git does not list a folder that contains another of these folders.
    const args = ['ls-tree', '-t', '-z', '--name-only', '--full-tree', '--end-of-options', commit, ...paths];
    const { output } = await streamGit(store.dir, args);
    return output.toString('utf8').split('\0').slice(0, -1);
  };
  const below = folders.filter((folder) => folder !== '');
  return [...(folders.includes('') ? await list([]) : []), ...(below.length > 0 ? await list(below) : [])];
}

async function listFoldersHere(store: Store, commit: Sha, folders: readonly string[]): Promise<string[] | undefined> {
  const names: string[] = [];
  for (const folder of folders) {
    const path = Buffer.from(folder).toString('latin1');
    const at = path === '' ? undefined : await findPath(store, commit, path.slice(0, -1));
    if (at === null || (at && at.mode !== FOLDER)) continue;
    const tree = path === '' ? await readTreeOf(store, commit) : at?.id;
    const entries = tree && (await readTree(store, tree));
    if (!entries) return undefined;
    for (const { name } of entries) names.push(Buffer.from(path + name, 'latin1').toString('utf8'));
  }
  return names;
}

/** The bytes of those paths that are files of the commit with at most `maxBytes`. */
export async function readFiles(
  store: Store,
  { commit, paths, maxBytes }: { commit: Sha; paths: readonly string[]; maxBytes: number },
): Promise<Map<string, Buffer>> {
  if (paths.length === 0) return new Map();
  const here = paths.length <= MAX_LOOKS ? await readFilesHere(store, { commit, paths, maxBytes }) : undefined;
  if (here) return here;
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

async function readFilesHere(
  store: Store,
  { commit, paths, maxBytes }: { commit: Sha; paths: readonly string[]; maxBytes: number },
): Promise<Map<string, Buffer> | undefined> {
  const files = new Map<string, Buffer>();
  for (const path of paths) {
    const entry = await findPath(store, commit, Buffer.from(path).toString('latin1'));
    if (entry === undefined) return undefined;
    if (entry === null || !isBlob(entry)) continue;
    const header = await readHeader(store, entry.id);
    if (header && header.size > maxBytes) continue;
    const object = header && (await readObject(store, entry.id));
    if (object?.type !== 'blob') return undefined;
    files.set(path, object.bytes);
  }
  return files;
}
