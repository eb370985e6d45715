/**
 * Finds everything that git reads of a repository that is named by its path.
 * Rule: what git follows is followed here as git does: links, a `.git` that is a file, `commondir`, alternates; and
 * what can't be followed is refused.
 */
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { GitFailure } from './git-failure.ts';

/** Where a repository by path is, and every real place from which git takes anything of it. */
export interface GitFolder {
  /** Its `.git`, or itself where it is bare; for git, so that it does not look for another one. */
  gitDir: string;
  /** Where its objects and branches are: another folder for a linked worktree. */
  commonDir: string;
  /** Real paths, the folder itself among them. */
  reads: string[];
}

/** What git reads in a repository's folder when it is fetched from; hooks and logs may be links to anywhere. */
const READ = new Set(
  'HEAD config config.worktree commondir packed-refs shallow refs objects info reftable worktrees'.split(' '),
);
/** Git follows five levels of alternates. */
const MAX_ALTERNATES = 5;

/** Follows a repository from its folder, which is a real path. */
export async function findGitFolder(path: string): Promise<GitFolder> {
  try {
    const reads = new Set([path]);
    const gitDir = await findGitDir(path, reads);
    const commonDir = await findCommonDir(gitDir);
    for (const folder of new Set([gitDir, commonDir])) {
      reads.add(folder);
      await followLinks(folder, reads, (name) => READ.has(name));
      await followLinks(join(folder, 'info'), reads);
    }
    await followObjects(await realpath(join(commonDir, 'objects')), reads, 0);
    return { gitDir, commonDir, reads: [...reads] };
  } catch (error) {
    if (error instanceof GitFailure) throw error;
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
  const [, target] = /^gitdir: ([^\n\r]+)[\n\r]*$/.exec(await readFile(place, 'utf8')) ?? [];
  if (target === undefined) throw new GitFailure('not-a-repository', `${inside} names no repository`);
  // Git takes it from where the file is named, not from where a link to it leads.
  return await realpath(resolve(path, target));
}

async function findCommonDir(gitDir: string): Promise<string> {
  const target = await readIfThere(join(gitDir, 'commondir'));
  return target === undefined ? gitDir : await realpath(resolve(gitDir, target.replace(/[\n\r]+$/, '')));
}

/** Adds where the links of a folder lead; those that lead nowhere are not read either. */
async function followLinks(
  folder: string,
  reads: Set<string>,
  isRead = (_name: string): boolean => true,
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isSymbolicLink() || !isRead(entry.name)) continue;
    const place = await realpath(join(folder, entry.name)).catch(() => undefined);
    if (place !== undefined) reads.add(place);
  }
}

/** Adds a folder of objects, what its links lead to, and the folders that it borrows from. */
async function followObjects(objects: string, reads: Set<string>, depth: number): Promise<void> {
  if (depth > MAX_ALTERNATES) throw new GitFailure('not-a-repository', `${objects} borrows through too many folders`);
  reads.add(objects);
  await followLinks(objects, reads);
  for (const entry of await readdir(objects, { withFileTypes: true })) {
    if (!entry.isFile()) await followLinks(join(objects, entry.name), reads);
  }
  const listed = await readIfThere(join(objects, 'info', 'alternates'));
  for (const line of (listed ?? '').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('"')) throw new GitFailure('not-a-repository', `${objects} names an alternate in quotes`);
    const place = await realpath(resolve(objects, line)).catch(() => undefined);
    if (place !== undefined && !reads.has(place)) await followObjects(place, reads, depth + 1);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

/** The real places at which git writes a ref and its log, where links are in the way to them. */
export async function followRef({ commonDir }: GitFolder, ref: string): Promise<string[]> {
  const places = new Set<string>();
  for (const path of [ref, `logs/${ref}`]) {
    const parts = path.split('/');
    for (let length = 1; length <= parts.length; length += 1) {
      const at = join(commonDir, ...parts.slice(0, length));
      if (!(await lstat(at).catch(() => undefined))) break;
      // A link that leads nowhere would have the file made where it leads.
      const place = await realpath(at).catch(() => {
        throw new GitFailure('failed', `${at} is a link that leads nowhere`, { words: `${at} leads nowhere` });
      });
      places.add(place);
    }
  }
  return [...places];
}

/** The first of these paths that lies below none of the roots; both are real paths. */
export function findOutside(reads: readonly string[], roots: readonly string[]): string | undefined {
  const isBelow = (path: string, root: string): boolean =>
    root === '/' || path === root || path.startsWith(root.endsWith('/') ? root : `${root}/`);
  return reads.find((path) => !roots.some((root) => isBelow(path, root)));
}
