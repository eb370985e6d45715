/**
 * Finds the files of a commit that git LFS stores, by letting git read the commit's own attributes.
 * Rule: git reads only the commit's `.gitattributes`, in a temporary repository: a store's own attributes switch all
 * filters off.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import { findPath } from '../objects/tree.ts';
import { readBlobs } from '../read/read-blobs.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

const ATTRIBUTES = '.gitattributes';
/** Every rule for LFS contains this, also in the definition of a macro. */
const FILTER = 'filter=lfs';
/** Most paths for one process: far below the limit of a command line. */
const MAX_ASKED = 500;

interface Attributes {
  path: string;
  line: Buffer;
}

/**
 * The paths that a commit's attributes assign to git LFS. `files` are the commit's `.gitattributes` files, if the
 * caller knows them; otherwise they are searched for in the folders above the paths.
 */
export async function findLfs(
  store: Store,
  { commit, paths, files }: { commit: Sha; paths: readonly string[]; files?: readonly string[] },
): Promise<Set<string>> {
  if (paths.length === 0) return new Set();
  const attributes = await readAttributes(store, commit, files ?? listAbove(paths));
  return attributes.length === 0 ? new Set() : await ask(store, attributes, paths);
}

function listAbove(paths: readonly string[]): string[] {
  const folders = new Set(['']);
  for (const path of paths)
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at + 1));
  return [...folders].map((folder) => `${folder}${ATTRIBUTES}`);
}

/** The `.gitattributes` files as lines for an index; empty if none of them mentions LFS. */
async function readAttributes(store: Store, commit: Sha, paths: readonly string[]): Promise<Attributes[]> {
  const found: (Attributes & { oid: Sha })[] = [];
  for (let from = 0; from < paths.length; from += MAX_ASKED) {
    const asked = paths.slice(from, from + MAX_ASKED);
    for (const file of (await findFiles(store, commit, asked)) ?? (await listFiles(store, commit, asked)))
      found.push({ ...file, line: Buffer.from(`100644 ${file.oid}\t${file.path}\0`) });
  }
  let isUsed = false;
  const ids = found.map(({ oid }) => oid);
  await readBlobs(store, ids, async (bytes) => {
    isUsed ||= bytes.includes(FILTER);
    await Promise.resolve();
  });
  return isUsed ? found : [];
}

/** Those paths that are files of the commit; undefined where git has to be asked. */
async function findFiles(
  store: Store,
  commit: Sha,
  paths: readonly string[],
): Promise<{ path: string; oid: Sha }[] | undefined> {
  const files: { path: string; oid: Sha }[] = [];
  for (const path of paths) {
    const entry = await findPath(store, commit, Buffer.from(path).toString('latin1'));
    if (entry === undefined) return undefined;
    if (entry?.mode.startsWith('100')) files.push({ path, oid: entry.id });
  }
  return files;
}

async function listFiles(store: Store, commit: Sha, paths: readonly string[]): Promise<{ path: string; oid: Sha }[]> {
  const args = ['ls-tree', '-z', '--full-tree', '--end-of-options', commit, '--', ...paths];
  const lines = (await streamGit(store.dir, args)).output.toString('utf8').split('\0');
  return lines.flatMap((line) => {
    const [, oid, path] = /^100(?:644|755) blob ([0-9a-f]+)\t(.+)$/s.exec(line) ?? [];
    return oid !== undefined && path !== undefined ? [{ oid: oid as Sha, path }] : [];
  });
}

async function ask(store: Store, attributes: readonly Attributes[], paths: readonly string[]): Promise<Set<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-lfs-'));
  try {
    for (const name of ['refs', 'objects', 'files']) await mkdir(join(folder, name));
    await writeFile(join(folder, 'HEAD'), 'ref: refs/heads/main\n');
    const env = {
      GIT_DIR: folder,
      GIT_OBJECT_DIRECTORY: join(store.dir, 'objects'),
      GIT_INDEX_FILE: join(folder, 'index'),
      GIT_WORK_TREE: join(folder, 'files'),
    };
    await streamGit(folder, ['update-index', '-z', '--index-info'], {
      env,
      input: attributes.map(({ line }) => line),
    });
    const asked = paths.map((path) => `${path}\0`);
    const { output } = await streamGit(folder, ['check-attr', '-z', '--cached', '--stdin', 'filter'], {
      env,
      input: asked,
    });
    const said = output.toString('utf8').split('\0');
    return new Set(said.filter((_, at) => at % 3 === 0 && said[at + 2] === 'lfs'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
