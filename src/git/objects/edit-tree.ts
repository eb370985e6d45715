/**
 * Makes the tree of a base with some changed paths, reading only the folders on the way to them.
 * Rule: as git's fast-import: deletions first; what is in the way of a path is replaced; a folder that a deletion
 * empties is gone.
 */
import type { Sha } from '../../core/transcript.ts';
import type { Store } from '../store.ts';
import type { TreeEntry } from './tree.ts';
import { FOLDER, formatTree, readTree } from './tree.ts';
import type { NewObject } from './write-objects.ts';
import { newObject } from './write-objects.ts';

/** The entry at a path (a byte string); null deletes what is there. */
export interface TreeEdit {
  path: string;
  entry: { mode: string; id: Sha } | null;
}

/** A folder that was opened: its entries, and those of its folders that were opened too. */
interface Folder {
  entries: Map<string, TreeEntry>;
  opened: Map<string, Folder>;
  isChanged: boolean;
}

/** The edited tree and its new objects, each after those that it names; undefined where git has to do it. */
export async function editTree(
  store: Store,
  base: Sha,
  edits: readonly TreeEdit[],
): Promise<{ tree: Sha; objects: NewObject[] } | undefined> {
  const root = await openFolder(store, base);
  if (!root) return undefined;
  const isDeletion = ({ entry }: TreeEdit): boolean => entry === null;
  for (const edit of [...edits.filter(isDeletion), ...edits.filter((one) => !isDeletion(one))]) {
    const folders = await openWay(store, root, edit);
    if (folders === undefined) return undefined;
    change(folders, edit);
  }
  if (!root.isChanged) return { tree: base, objects: [] };
  const objects: NewObject[] = [];
  const tree = close(root, objects);
  if (tree !== null) return { tree, objects };
  const empty = newObject('tree', Buffer.alloc(0));
  return { tree: empty.id, objects: [empty] };
}

async function openFolder(store: Store, tree: Sha): Promise<Folder | undefined> {
  const entries = await readTree(store, tree);
  // Two entries of one name, a file and a folder, pass as sorted. What they mean is left to git.
  const byName = entries && new Map(entries.map((entry) => [entry.name, entry]));
  if (!byName || byName.size !== entries.length) return undefined;
  return { entries: byName, opened: new Map(), isChanged: false };
}

/** The folders down to the one that has the path's last name; fewer, if a deletion finds none on the way. */
async function openWay(store: Store, root: Folder, { path, entry }: TreeEdit): Promise<Folder[] | undefined> {
  const way = [root];
  let at = root;
  for (const name of path.split('/').slice(0, -1)) {
    let next = at.opened.get(name);
    if (!next) {
      const below = at.entries.get(name);
      const isFolder = below?.mode === FOLDER;
      if (!isFolder && entry === null) return [];
      const opened = isFolder
        ? await openFolder(store, below.id)
        : { entries: new Map(), opened: new Map(), isChanged: true };
      if (!opened) return undefined;
      next = opened;
      at.opened.set(name, next);
    }
    way.push(next);
    at = next;
  }
  return way;
}

function change(way: readonly Folder[], { path, entry }: TreeEdit): void {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const last = way.at(-1);
  if (!last) return;
  const isThere = last.entries.has(name) || last.opened.has(name);
  if (entry === null && !isThere) return;
  last.opened.delete(name);
  if (entry === null) last.entries.delete(name);
  else last.entries.set(name, { name, ...entry });
  for (const folder of way) folder.isChanged = true;
}

/** Gives changed folders their objects, the deepest first; null for a folder that is empty now. */
function close(folder: Folder, objects: NewObject[]): Sha | null {
  for (const [name, below] of folder.opened) {
    if (!below.isChanged) continue;
    const id = close(below, objects);
    if (id === null) folder.entries.delete(name);
    else folder.entries.set(name, { mode: FOLDER, name, id });
  }
  if (folder.entries.size === 0) return null;
  const object = newObject('tree', formatTree([...folder.entries.values()]));
  objects.push(object);
  return object.id;
}
