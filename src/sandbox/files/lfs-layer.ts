/**
 * Replaces LFS pointers by their content in a base layer, and unchanged content by its pointer in a checkpoint.
 * Rule: a checkpoint never stores LFS content that is still, byte for byte, what the base has.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeChange } from '../../git/write/commit-checkpoint.ts';
import { openPlainFile } from '../../git/read-plain-file.ts';

/** The content of LFS files for a base's checkout. */
export interface BaseContent {
  /** Part of the base layer's name: another set of content makes another layer. */
  key: string;
  /** Fetches the content that is not on this host yet. */
  fetch(): Promise<readonly ContentFile[]>;
  /** Ends the fetch for this caller. Other callers that wait for the same base start it anew. */
  signal?: AbortSignal;
}

/** One file: `source` is a file with its content, `pointer` the bytes that the commit has at its path. */
interface ContentFile {
  path: string;
  oid: string;
  size: number;
  pointer: Buffer;
  source: string;
}

/** What a base layer remembers about each file. `path` is a byte string (latin1). */
type Laid = Pick<ContentFile, 'oid' | 'size'> & { path: string };

const NAME = 'lfs';

/** Replaces pointers by content in the checkout of a base layer that is being made. */
export async function layContent(layer: string, checkout: string, files: readonly ContentFile[]): Promise<void> {
  const folder = join(layer, NAME);
  await mkdir(folder);
  const laid: Laid[] = [];
  for (const { path, oid, size, pointer, source } of files) {
    const place = join(checkout, path);
    const { mode } = await lstat(place);
    await rm(place);
    await copyFile(source, place, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await chmod(place, mode & 0o777);
    await writeFile(join(folder, String(laid.length)), pointer);
    laid.push({ path: Buffer.from(path, 'utf8').toString('latin1'), oid, size });
  }
  await writeFile(join(folder, 'index.json'), JSON.stringify(laid));
}

/** The changes as a checkpoint stores them: a touched file that still has the base's content becomes its pointer. */
export async function restorePointers(layer: string, changes: readonly TreeChange[]): Promise<TreeChange[]> {
  const text = await readFile(join(layer, NAME, 'index.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return [...changes];
  const laid = new Map((JSON.parse(text) as Laid[]).map((file, at) => [file.path, { ...file, at }]));
  const restored: TreeChange[] = [];
  for (const change of changes) {
    const file = change.kind === 'write' ? laid.get(change.path.toString('latin1')) : undefined;
    const isSame =
      file && change.kind === 'write' && change.mode !== '120000' && (await isContent(change.source, file));
    restored.push(isSame ? { ...change, source: Buffer.from(join(layer, NAME, String(file.at))) } : change);
  }
  return restored;
}

async function isContent(path: Buffer, { oid, size }: Laid): Promise<boolean> {
  const { file, size: found } = await openPlainFile(path, { links: 'refused' });
  try {
    if (found !== size) return false;
    const hash = createHash('sha256');
    for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) hash.update(chunk);
    return hash.digest('hex') === oid;
  } finally {
    await file.close();
  }
}
