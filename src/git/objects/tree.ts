/**
 * Trees: their entries in git's form and order, and where a path leads.
 * Rule: names are byte strings (latin1), since they need not be valid Unicode; a tree in a form that git itself does
 * not write is not read here.
 */
import type { Sha } from '../../core/transcript.ts';
import type { Store } from '../store.ts';
import type { GitObject } from './cached-objects.ts';
import { readObject } from './read-object.ts';
import { readTreeOf } from './commit.ts';

/** One entry. `mode` is octal without leading zeros, as trees have it: a folder's is `40000`. */
export interface TreeEntry {
  readonly mode: string;
  readonly name: string;
  readonly id: Sha;
}

export const FOLDER = '40000';
const ID_BYTES = 20;

const parsed = new WeakMap<GitObject, readonly TreeEntry[]>();
const named = new WeakMap<readonly TreeEntry[], Map<string, TreeEntry>>();

/** The entries of a tree; undefined if it is no tree, or not in git's own form. */
function parseTree(object: GitObject): readonly TreeEntry[] | undefined {
  const known = parsed.get(object);
  if (known) return known;
  const { type, bytes } = object;
  if (type !== 'tree') return undefined;
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space);
    const next = end + 1 + ID_BYTES;
    if (space < 0 || end < 0 || next > bytes.length) return undefined;
    const mode = bytes.toString('latin1', at, space);
    const name = bytes.toString('latin1', space + 1, end);
    const entry = { mode, name, id: bytes.toString('hex', end + 1, next) as Sha };
    const last = entries.at(-1);
    const isPlain = /^[1-7][0-7]{4,5}$/.test(mode) && name !== '' && !name.includes('/');
    if (!isPlain || (last && sortKey(last) >= sortKey(entry))) return undefined;
    entries.push(entry);
    at = next;
  }
  parsed.set(object, entries);
  return entries;
}

/** Whether an entry is a file or a symbolic link. */
export function isBlob({ mode }: TreeEntry): boolean {
  return mode.startsWith('10') || mode === '120000';
}

/** Git sorts a folder as if its name ended with a slash. */
export function sortKey({ mode, name }: TreeEntry): string {
  return mode === FOLDER ? `${name}/` : name;
}

/** A tree's bytes. */
export function formatTree(entries: readonly TreeEntry[]): Buffer {
  const sorted = entries.map((entry) => [sortKey(entry), entry] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(
    sorted.flatMap(([, { mode, name, id }]) => [Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.from(id, 'hex')]),
  );
}

/** The entries of a tree; undefined where git has to be asked. */
export async function readTree(store: Store, tree: Sha): Promise<readonly TreeEntry[] | undefined> {
  const object = await readObject(store, tree);
  return object && parseTree(object);
}

/** The entry that a path (a byte string) leads to in a commit or tree; null if there is none, undefined: ask git. */
export async function findPath(store: Store, root: Sha, path: string): Promise<TreeEntry | null | undefined> {
  const tree = await readTreeOf(store, root);
  let at: TreeEntry | null | undefined = tree && { mode: FOLDER, name: '', id: tree };
  for (const part of path.split('/')) {
    if (!at) return at;
    if (at.mode !== FOLDER) return null;
    const entries: readonly TreeEntry[] | undefined = await readTree(store, at.id);
    at = entries && (byName(entries).get(part) ?? null);
  }
  return at;
}

function byName(entries: readonly TreeEntry[]): Map<string, TreeEntry> {
  const known = named.get(entries) ?? new Map(entries.map((entry) => [entry.name, entry]));
  named.set(entries, known);
  return known;
}
