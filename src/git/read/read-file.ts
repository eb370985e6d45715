/**
 * Reads one file of a commit, directly or through symbolic links within the commit.
 * Rule: only files of the commit itself are read, and never more bytes than the caller wants.
 */
import type { Sha } from '../../core/transcript.ts';
import { readObject } from '../objects/read-object.ts';
import { findPath } from '../objects/tree.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** A file, and the most bytes to read of it. */
interface Wanted {
  commit: Sha;
  path: string;
  maxBytes: number;
}

/** The file's first `maxBytes`; null if the commit has no such file. */
export async function readFile(store: Store, { commit, path, maxBytes }: Wanted): Promise<Buffer | null> {
  const entry = await findPath(store, commit, Buffer.from(path).toString('latin1'));
  if (entry === null) return null;
  return await readBlob(store, entry?.id ?? `${commit}:${path}`, maxBytes);
}

/** Linux follows as many links. Each name on the way, through all links, takes one lookup by git. */
const MAX_LINKS = 40;
const MAX_LOOKS = 200;
/** Linux takes no longer path. A cut target leads nowhere, or to another file of the commit. */
const MAX_TARGET_BYTES = 4096;

/**
 * The first bytes of the file that a path leads to through links. Null if it leads out of the commit, to nothing, to a
 * folder, in a circle, or too far. (Git can follow links itself, but not with `./` in them.)
 */
export async function readThroughLinks(store: Store, { commit, path, maxBytes }: Wanted): Promise<Buffer | null> {
  const left = path.split('/');
  const at: string[] = [];
  let [links, looks] = [0, 0];
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (at.pop() === undefined) return null;
      continue;
    }
    looks += 1;
    const entry = looks > MAX_LOOKS ? undefined : await findEntry(store, commit, [...at, name].join('/'));
    if (entry?.mode === '040000') at.push(name);
    else if (entry?.mode === '120000') {
      const target = (await readBlob(store, entry.oid, MAX_TARGET_BYTES))?.toString('utf8') ?? '/';
      links += 1;
      if (target.startsWith('/') || links > MAX_LINKS) return null;
      left.unshift(...target.split('/'));
    } else
      return entry?.mode.startsWith('100') && left.length === 0 ? await readBlob(store, entry.oid, maxBytes) : null;
  }
  return null;
}

async function findEntry(store: Store, commit: Sha, path: string): Promise<{ mode: string; oid: string } | undefined> {
  const here = await findPath(store, commit, Buffer.from(path).toString('latin1'));
  if (here !== undefined) return here === null ? undefined : { mode: here.mode.padStart(6, '0'), oid: here.id };
  const args = ['ls-tree', '-z', '--full-tree', '--end-of-options', commit, '--', path];
  const { output } = await streamGit(store.dir, args);
  const [, mode, oid] = /^(\d{6}) \w+ ([0-9a-f]+)\t/.exec(output.toString('latin1')) ?? [];
  return mode !== undefined && oid !== undefined ? { mode, oid } : undefined;
}

async function readBlob(store: Store, name: string, maxBytes: number): Promise<Buffer | null> {
  const here = /^[0-9a-f]{40}$/.test(name) ? await readObject(store, name as Sha) : undefined;
  if (here) return here.type === 'blob' ? here.bytes.subarray(0, maxBytes) : null;
  const chunks: Buffer[] = [];
  let length = 0;
  const { status } = await streamGit(store.dir, ['cat-file', 'blob', name], {
    expected: [128],
    take: (chunk, enough) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= maxBytes) enough();
    },
  });
  return status === 0 || length >= maxBytes ? Buffer.concat(chunks).subarray(0, maxBytes) : null;
}
