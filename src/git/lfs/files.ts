/**
 * Lists a commit's LFS files with their pointers, and decides which of them get their content in a workspace.
 * Rule: the decision depends on the commit alone, so that all hosts have the same files.
 */
import type { LfsPointer } from '../../core/lfs.ts';
import { MAX_POINTER_BYTES, readPointer } from '../../core/lfs.ts';
import type { Sha } from '../../core/transcript.ts';
import { findLfs } from './find-lfs.ts';
import { readBlobs } from '../read/read-blobs.ts';
import { readSizes } from '../read/read-files.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** Most bytes of one file's content: the limit of one file in a checkpoint. */
const MAX_CONTENT_BYTES = 512 * 1024 * 1024;
/** Most bytes of all content of a base. Each base layer has it once, and each plain workspace once more. */
const MAX_ALL_CONTENT_BYTES = 4 * 1024 * 1024 * 1024;

/** An LFS file of a commit. `pointer` has the pointer's bytes. */
export interface LfsFile extends Omit<LfsPointer, 'isExtended'> {
  path: string;
  pointer: Buffer;
}

/** The LFS files of a commit. */
export interface LfsListing {
  /** Every path that the commit's attributes assign to LFS. */
  paths: string[];
  /** Files that get their content if policy grants it. */
  given: LfsFile[];
  /** Files that stay pointers in any case, and why. */
  left: { path: string; why: string }[];
  /** The commit has an `.lfsconfig`, which may name another LFS server. */
  hasConfig: boolean;
}

/** Lists a commit's LFS files, by the commit's own attributes. */
export async function listLfs(
  store: Store,
  commit: Sha,
  { maxBytes = MAX_CONTENT_BYTES, maxAllBytes = MAX_ALL_CONTENT_BYTES } = {},
): Promise<LfsListing> {
  const blobs = await listBlobs(store, commit);
  const all = [...blobs.keys()];
  const files = all.filter((path) => /(?:^|\/)\.gitattributes$/.test(path));
  const kept = files.length === 0 ? new Set<string>() : await findLfs(store, { commit, paths: all, files });
  // A name that is not UTF-8 was decoded to another name than the file's.
  const paths = [...kept].filter((path) => !path.includes('\ufffd'));
  const texts = await readSmall(store, [...new Set(paths.map((path) => blobs.get(path) as Sha))]);
  const listing: LfsListing = { paths, given: [], left: [], hasConfig: blobs.has('.lfsconfig') };
  let total = 0;
  for (const path of paths) {
    const pointer = texts.get(blobs.get(path) as Sha);
    const read = pointer && readPointer(pointer.toString('latin1'));
    if (!pointer || !read) continue;
    const { oid, size, isExtended } = read;
    const why = isExtended
      ? 'its pointer uses LFS extensions, whose programs are not run'
      : size > maxBytes
        ? `its ${size} bytes are more than the ${maxBytes} that one file may have`
        : total + size > maxAllBytes
          ? `with its ${size} bytes all content would have more than ${maxAllBytes}`
          : undefined;
    if (why === undefined) {
      listing.given.push({ path, oid, size, pointer });
      total += size;
    } else listing.left.push({ path, why });
  }
  return listing;
}

/** The regular files of a commit by path, in git's order. */
async function listBlobs(store: Store, commit: Sha): Promise<Map<string, Sha>> {
  const { output } = await streamGit(store.dir, ['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', commit]);
  const lines = output.toString('utf8').split('\0');
  return new Map(
    lines.flatMap((line): [string, Sha][] => {
      const [, oid, path] = /^100(?:644|755) blob ([0-9a-f]+)\t(.+)$/s.exec(line) ?? [];
      return oid !== undefined && path !== undefined ? [[path, oid as Sha]] : [];
    }),
  );
}

/** The bytes of those blobs that are small enough to be pointers. */
async function readSmall(store: Store, ids: readonly Sha[]): Promise<Map<Sha, Buffer>> {
  const sizes = await readSizes(store, ids);
  const small = ids.filter((id) => (sizes.get(id) ?? Number.POSITIVE_INFINITY) <= MAX_POINTER_BYTES);
  const texts = new Map<Sha, Buffer>();
  await readBlobs(store, small, async (bytes, id) => {
    texts.set(id, Buffer.from(bytes));
    await Promise.resolve();
  });
  return texts;
}
