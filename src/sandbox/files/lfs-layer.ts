/**
 * Content in the place of LFS pointers in a base layer, and pointers in its place again in checkpoints.
 * Rule: a checkpoint never gets content that was there already: what still is, byte for byte, is its pointer.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeChange } from '../../git/read/commit-changes.ts';
import { openPlainFile } from '../../git/read-plain-file.ts';

/** The content of LFS files for a base's checkout. */
export interface BaseContent {
  /** Tells a base with it from one without, and from one to which more or less was given. */
  key: string;
  /** Fetches it where it is not here. */
  fetch(): Promise<readonly ContentFile[]>;
  /** What ends the fetch: the stop of whoever asks, and of nobody else who waits for the same base. */
  signal?: AbortSignal;
}

/** One file: `source` has its content, `pointer` what the commit has at its path. */
interface ContentFile {
  path: string;
  oid: string;
  size: number;
  pointer: Buffer;
  source: string;
}

/** What is remembered in a base layer of each file; its path as bytes (latin1). */
type Laid = Pick<ContentFile, 'oid' | 'size'> & { path: string };

const NAME = 'lfs';

/** Puts content in the place of its pointers in the checkout of a base layer that is being made. */
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

/** The changes as a checkpoint keeps them: of what was touched but is still the base's content, the pointer. */
export async function restorePointers(layer: string, changes: readonly TreeChange[]): Promise<TreeChange[]> {
  const text = await readFile(join(layer, NAME, 'index.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return [...changes];
  const laid = new Map((JSON.parse(text) as Laid[]).map((file, at) => [file.path, { ...file, at }]));
  const kept: TreeChange[] = [];
  for (const change of changes) {
    const file = change.kind === 'write' ? laid.get(change.path.toString('latin1')) : undefined;
    const isSame =
      file && change.kind === 'write' && change.mode !== '120000' && (await isContent(change.source, file));
    kept.push(isSame ? { ...change, source: Buffer.from(join(layer, NAME, String(file.at))) } : change);
  }
  return kept;
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
