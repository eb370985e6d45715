/**
 * A cache of LFS content by its SHA-256 in a folder of this host. Content comes from the repository's own folder, or
 * from the LFS server at the repository's own address.
 * Rule: content is in the cache only after it was read whole and matched its pointer, and each repository has its own.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, realpath, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GitFailure } from '../git-failure.ts';
import type { ContentSource, TakeContent } from './download.ts';
import { download } from './download.ts';
import { aboutContent, WITHOUT } from './failure.ts';
import type { LfsFile } from './files.ts';
import type { Reached } from '../reach.ts';
import { refuseReadsOutside, reach } from '../reach.ts';
import { NotPlainFile, openPlainFile } from '../read-plain-file.ts';

/** The path of an LFS file's content in a cache folder. */
export function contentPath(folder: string, oid: string): string {
  return join(folder, oid.slice(0, 2), oid);
}

/** Fetches the content that `folder`, this repository's own cache, lacks. Throws a GitFailure that names the file. */
export async function ensureContent(source: ContentSource, folder: string, files: readonly LfsFile[]): Promise<void> {
  const missing = new Map<string, LfsFile>();
  for (const file of files) if (!(await isCached(folder, file))) missing.set(file.oid, file);
  if (missing.size === 0) return;
  const keep: TakeContent = async (file, bytes, from) => await save(contentPath(folder, file.oid), file, bytes, from);
  try {
    const reached = await reach(source.store.access, source.repository);
    if (reached.kind === 'url') return await download(source, [...missing.values()], keep);
    for (const file of missing.values()) await copyFrom(source, reached, file, keep);
  } catch (error) {
    source.signal.throwIfAborted();
    throw error;
  }
}

/** Whether a file's content is in the cache, which also marks it as used now. */
async function isCached(folder: string, { oid, size }: LfsFile): Promise<boolean> {
  const path = contentPath(folder, oid);
  const now = new Date();
  try {
    await utimes(path, now, now);
    return (await stat(path)).size === size;
  } catch {
    return false;
  }
}

/** Copies a file's content from the LFS objects of a repository by path. */
async function copyFrom(
  { store, repository, signal }: ContentSource,
  { folder, path: top }: Extract<Reached, { kind: 'folder' }>,
  file: LfsFile,
  keep: TakeContent,
): Promise<void> {
  signal.throwIfAborted();
  const objects = join(folder.commonDir, 'lfs', 'objects');
  const { oid, path } = file;
  try {
    const place = await realpath(join(objects, oid.slice(0, 2), oid.slice(2, 4), oid)).catch(() => {
      const what = `What to do: run \`git lfs fetch\` there, ${WITHOUT}`;
      throw new GitFailure('not-here', `it is not in ${objects}. ${what}`);
    });
    // A link may lead only to places that this worker may read of a repository.
    await refuseReadsOutside(store.access, repository, [top, place]);
    const { file: opened } = await openPlainFile(place, { links: 'refused' }).catch((error: unknown) => {
      throw error instanceof NotPlainFile ? new GitFailure('no-content', error.message) : error;
    });
    try {
      await keep(file, opened.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>, objects);
    } finally {
      await opened.close();
    }
  } catch (error) {
    throw aboutContent(error, [path]);
  }
}

/** Writes content to a temporary file, and renames it once it is whole and matches its pointer. */
async function save(target: string, { oid, size }: LfsFile, bytes: AsyncIterable<Buffer>, from: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const fresh = `${target}.${randomBytes(6).toString('hex')}`;
  const file = await open(fresh, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let length = 0;
    for await (const chunk of bytes) {
      length += chunk.length;
      if (length > size) break;
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    const digest = hash.digest('hex');
    if (length !== size || digest !== oid) {
      // The message does not describe the wrong content: the person who named the place may have no right to read it.
      const wanted = `its pointer names: ${size} bytes with SHA-256 ${oid}`;
      const what = `What to do: repair it there (\`git lfs push --all\`), ${WITHOUT}`;
      throw new GitFailure('no-content', `${from} has other content than ${wanted}. ${what}`);
    }
    await file.sync();
    await rename(fresh, target);
  } finally {
    await file.close();
    await rm(fresh, { force: true });
  }
}

/** Removes content, of all repositories, that no base has used for this time. Returns the number of removed files. */
export async function sweepContent(folder: string, { olderThanMs }: { olderThanMs: number }): Promise<number> {
  let removed = 0;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const found = entry.isFile() ? await stat(path).catch(() => undefined) : undefined;
    if (!found || Date.now() - found.mtimeMs <= olderThanMs) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}
