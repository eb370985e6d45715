/**
 * Finds all files and folders that git reads of a repository that is named by its path.
 * Rule: links, a `.git` file, `commondir` and alternates are followed as git follows them. What can't be followed is
 * refused, and so is a pipe, a socket or a device in place of a file, since git would wait on it for ever.
 */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { GitFailure } from './git-failure.ts';
import { nameSpecial, NotPlainFile, readPlainFile } from './read-plain-file.ts';

/** The folders of a repository by path, and every real path that git reads of it. */
export interface GitFolder {
  /** The repository's `.git`, or the folder itself if bare. Calls of git name it, so git never searches for another. */
  gitDir: string;
  /** The folder with objects and branches: another one than `gitDir` for a linked worktree. */
  commonDir: string;
  /** Real paths; the first is the folder itself. */
  reads: string[];
}

/** What git reads in a repository's folder during a fetch. Hooks and logs are not read, so they may link anywhere. */
const READ = new Set(
  'HEAD config config.worktree commondir packed-refs shallow refs objects info reftable worktrees'.split(' '),
);
/** Git follows five levels of alternates. */
const MAX_ALTERNATES = 5;
/** Limits of `.git` and `commondir` files, which have one path (at most 4,096 bytes), and of lists of alternates. */
const MAX_POINTER_BYTES = 64 * 1024;
const MAX_ALTERNATES_BYTES = 1024 * 1024;

/** Finds a repository's folders and reads, given its folder as a real path. Throws a GitFailure if it is none. */
export async function findGitFolder(path: string): Promise<GitFolder> {
  try {
    const reads = new Set([path]);
    const gitDir = await findGitDir(path, reads);
    const commonDir = await findCommonDir(gitDir);
    for (const folder of new Set([gitDir, commonDir])) {
      reads.add(folder);
      await followEntries(folder, reads, { isRead: (name) => READ.has(name) });
      for (const name of ['info', 'refs', 'reftable']) await followEntries(join(folder, name), reads, { isDeep: true });
    }
    await followObjects(await realpath(join(commonDir, 'objects')), reads, 0);
    return { gitDir, commonDir, reads: [...reads] };
  } catch (error) {
    if (error instanceof GitFailure) throw error;
    if (error instanceof NotPlainFile)
      throw new GitFailure('not-a-repository', `${JSON.stringify(path)} is not a git repository: ${error.message}`);
    const root = await findRepositoryAround(path);
    if (root !== undefined)
      throw new GitFailure(
        'not-a-repository',
        `${JSON.stringify(path)} is not a git repository, but a folder of one: name its root, ${JSON.stringify(root)}`,
      );
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new GitFailure(
      'not-here',
      `${JSON.stringify(path)} is not a git repository, or this worker may not read it (${reason})`,
    );
  }
}

/** The nearest folder above that has a `.git`. */
async function findRepositoryAround(path: string): Promise<string | undefined> {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder))
    if (await stat(join(folder, '.git')).catch(() => undefined)) return folder;
  return undefined;
}

async function findGitDir(path: string, reads: Set<string>): Promise<string> {
  const inside = join(path, '.git');
  const found = await stat(inside).catch(() => undefined);
  if (!found) return path;
  const place = await realpath(inside);
  if (found.isDirectory()) return place;
  reads.add(place);
  const [, target] = /^gitdir: ([^\n\r]+)[\n\r]*$/.exec(await readPointer(place)) ?? [];
  if (target === undefined) throw new GitFailure('not-a-repository', `${inside} names no repository`);
  // Git resolves it from the path of the `.git` file, not from where a link to that file leads.
  return await realpath(resolve(path, target));
}

async function findCommonDir(gitDir: string): Promise<string> {
  const target = await ifThere(readPointer(join(gitDir, 'commondir')));
  return target === undefined ? gitDir : await realpath(resolve(gitDir, target.replace(/[\n\r]+$/, '')));
}

async function readPointer(path: string): Promise<string> {
  return (await readPlainFile(path, MAX_POINTER_BYTES)).toString('utf8');
}

/**
 * Adds the targets of a folder's links to `reads`, except broken ones. Refuses pipes, sockets and devices. `isDeep`
 * looks into subfolders too, but not into folders that links lead to.
 */
async function followEntries(
  folder: string,
  reads: Set<string>,
  { isRead = () => true, isDeep = false }: { isRead?: (name: string) => boolean; isDeep?: boolean } = {},
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!isRead(entry.name)) continue;
    const at = join(folder, entry.name);
    if (isDeep && entry.isDirectory()) await followEntries(at, reads, { isDeep });
    const found = entry.isSymbolicLink() ? await stat(at).catch(() => undefined) : entry;
    const special = found && nameSpecial(found);
    if (special !== undefined) throw new NotPlainFile(at, special);
    if (!entry.isSymbolicLink()) continue;
    const place = await realpath(at).catch(() => undefined);
    if (place !== undefined) reads.add(place);
  }
}

/** Adds a folder of objects, the targets of its links, and its alternates. */
async function followObjects(objects: string, reads: Set<string>, depth: number): Promise<void> {
  if (depth > MAX_ALTERNATES) throw new GitFailure('not-a-repository', `${objects} borrows through too many folders`);
  reads.add(objects);
  await followEntries(objects, reads);
  for (const entry of await readdir(objects, { withFileTypes: true })) {
    if (!entry.isFile()) await followEntries(join(objects, entry.name), reads, { isDeep: true });
  }
  const listed = await ifThere(readPlainFile(join(objects, 'info', 'alternates'), MAX_ALTERNATES_BYTES));
  for (const line of (listed?.toString('utf8') ?? '').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('"')) throw new GitFailure('not-a-repository', `${objects} names an alternate in quotes`);
    const place = await realpath(resolve(objects, line)).catch(() => undefined);
    if (place !== undefined && !reads.has(place)) await followObjects(place, reads, depth + 1);
  }
}

async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  return await reading.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

/** The real paths that git writes for a ref and its log, with links followed. */
export async function followRef({ commonDir }: GitFolder, ref: string): Promise<string[]> {
  const places = new Set<string>();
  // Git writes the log of HEAD too if HEAD names the ref.
  for (const path of [ref, `logs/${ref}`, 'logs/HEAD']) {
    const parts = path.split('/');
    for (let length = 1; length <= parts.length; length += 1) {
      const at = join(commonDir, ...parts.slice(0, length));
      if (!(await lstat(at).catch(() => undefined))) break;
      const special = nameSpecial(await stat(at).catch(() => lstat(at)));
      if (special !== undefined) throw new GitFailure('failed', `${at} is ${special}`);
      // Git would create the file at the target of a broken link.
      const place = await realpath(at).catch(() => {
        throw new GitFailure('failed', `${at} is a link that leads nowhere`, { words: `${at} leads nowhere` });
      });
      places.add(place);
    }
  }
  return [...places];
}

/** The first of these paths that is below none of the roots. All are real paths. */
export function findOutside(reads: readonly string[], roots: readonly string[]): string | undefined {
  const isBelow = (path: string, root: string): boolean =>
    root === '/' || path === root || path.startsWith(root.endsWith('/') ? root : `${root}/`);
  return reads.find((path) => !roots.some((root) => isBelow(path, root)));
}
