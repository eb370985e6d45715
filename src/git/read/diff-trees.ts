/**
 * Lists the paths that differ between two trees: in memory, folder by folder, or by git where that is too much.
 * Rule: paths keep their bytes; a rename is a deletion and an addition; the order is git's.
 */
import type { Sha } from '../../core/transcript.ts';
import { readTreeOf } from '../objects/commit.ts';
import type { TreeEntry } from '../objects/tree.ts';
import { FOLDER, readTree, sortKey } from '../objects/tree.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

export interface ChangedPath {
  /** The path as text; bytes that are not UTF-8 are replaced. */
  path: string;
  rawPath: Buffer;
  status: 'A' | 'M' | 'D' | 'T';
  /** Octal mode after and before; `000000` if there is no file. */
  mode: string;
  oldMode: string;
  /** Blob after and before; all zeros if there is no file. */
  oid: Sha;
  oldOid: Sha;
}

/** The paths that differ between two commits or trees. */
export async function diffTrees(store: Store, { from, to }: { from: Sha; to: Sha }): Promise<ChangedPath[]> {
  return (await compare(store, from, to)) ?? (await diffByGit(store, from, to));
}

async function diffByGit(store: Store, from: Sha, to: Sha): Promise<ChangedPath[]> {
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--raw', '--end-of-options', from, to];
  return parseRaw((await streamGit(store.dir, args)).output);
}

/** Most entries of folders that are looked at here: a few milliseconds. Git compares larger trees. */
const MAX_ENTRIES = 50_000;

const NOTHING: Pick<ChangedPath, 'mode' | 'oid'> = { mode: '000000', oid: '0'.repeat(40) as Sha };

interface Comparison {
  store: Store;
  changed: ChangedPath[];
  left: number;
}

/** Undefined where git has to do it. */
async function compare(store: Store, from: Sha, to: Sha): Promise<ChangedPath[] | undefined> {
  const [before, after] = [await readTreeOf(store, from), await readTreeOf(store, to)];
  if (!before || !after) return undefined;
  const comparison: Comparison = { store, changed: [], left: MAX_ENTRIES };
  return (await compareFolders(comparison, { path: '', before, after })) ? comparison.changed : undefined;
}

/** Compares one folder; false where git has to do it. */
async function compareFolders(
  comparison: Comparison,
  { path, before, after }: { path: string; before: Sha | null; after: Sha | null },
): Promise<boolean> {
  if (before === after) return true;
  const read = async (tree: Sha | null): Promise<readonly TreeEntry[] | undefined> =>
    tree === null ? [] : await readTree(comparison.store, tree);
  const [old, fresh] = [await read(before), await read(after)];
  comparison.left -= (old?.length ?? 0) + (fresh?.length ?? 0);
  if (!old || !fresh || comparison.left < 0) return false;
  for (const [one, other] of pair(old, fresh)) {
    if (one?.id === other?.id && canonical(one?.mode) === canonical(other?.mode)) continue;
    const entry = one ?? other;
    const name = `${path}${entry?.name ?? ''}`;
    if (entry?.mode === FOLDER) {
      const below = { path: `${name}/`, before: one?.id ?? null, after: other?.id ?? null };
      if (!(await compareFolders(comparison, below))) return false;
    } else comparison.changed.push(describe(name, one, other));
  }
  return true;
}

/** Pairs the entries of two sorted trees. A file and a folder of one name are two entries, as in git. */
function* pair(
  old: readonly TreeEntry[],
  fresh: readonly TreeEntry[],
): Iterable<[TreeEntry | undefined, TreeEntry | undefined]> {
  let [at, to] = [0, 0];
  while (at < old.length || to < fresh.length) {
    const [one, other] = [old[at], fresh[to]];
    const [left, right] = [one && sortKey(one), other && sortKey(other)];
    const isOld = left !== undefined && (right === undefined || left <= right);
    const isFresh = right !== undefined && (left === undefined || right <= left);
    if (isOld) at += 1;
    if (isFresh) to += 1;
    yield [isOld ? one : undefined, isFresh ? other : undefined];
  }
}

function describe(name: string, old: TreeEntry | undefined, fresh: TreeEntry | undefined): ChangedPath {
  const rawPath = Buffer.from(name, 'latin1');
  const { mode: oldMode, oid: oldOid } = old ? { mode: canonical(old.mode), oid: old.id } : NOTHING;
  const { mode, oid } = fresh ? { mode: canonical(fresh.mode), oid: fresh.id } : NOTHING;
  const isOtherKind = mode.slice(0, 3) !== oldMode.slice(0, 3);
  const status = !old ? 'A' : !fresh ? 'D' : isOtherKind ? 'T' : 'M';
  return { path: rawPath.toString('utf8'), rawPath, status, mode, oldMode, oid, oldOid };
}

/** A mode as git reads it: old versions stored more of a file's permissions. */
function canonical(mode = '000000'): string {
  if (!mode.startsWith('100')) return mode;
  return (Number.parseInt(mode, 8) & 0o100) !== 0 ? '100755' : '100644';
}

/** Reads `--raw -z`: `:old new oid oid status NUL path NUL`. */
function parseRaw(output: Buffer): ChangedPath[] {
  const changed: ChangedPath[] = [];
  let at = 0;
  const next = (): Buffer => {
    const end = output.indexOf(0, at);
    const field = output.subarray(at, end);
    at = end + 1;
    return field;
  };
  while (at < output.length) {
    const [oldMode = '', mode = '', oldOid = '', oid = '', status = ''] = next().toString('latin1').slice(1).split(' ');
    const rawPath = Buffer.from(next());
    changed.push({
      path: rawPath.toString('utf8'),
      rawPath,
      status: status.charAt(0) as 'A',
      mode,
      oldMode,
      oid: oid as Sha,
      oldOid: oldOid as Sha,
    });
  }
  return changed;
}
