/**
 * Turns an overlay's upper folder into the list of changes to the base, as `git add -A` would see them.
 * Rule: called only when every process that could write the folder is dead; a path that the base tracks is never
 * ignored.
 * Paths are byte strings (latin1), since file names need not be valid Unicode.
 */
import type { Dirent, Stats } from 'node:fs';
import { chmodSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import type { TreeChange } from '../../git/write/commit-checkpoint.ts';
import { MAX_FILE_BYTES } from '../../git/write/commit-checkpoint.ts';
import { isPlainAttributes, isPlainModules } from '../../git/plain-settings.ts';
import { isGitsOwn, readByGit } from '../../git/safe-path.ts';
import type { FindArtefact } from '../files/find-artefact.ts';
import type { IgnoreFile } from '../files/gitignore.ts';
import { openIgnoreRules } from '../files/ignore-rules.ts';
import type { IgnoreRules } from '../files/ignore-rules.ts';
import { MAX_CHECKPOINT_BYTES, MAX_PATH_BYTES } from '../limits.ts';
import { statIfThere } from '../files/stat-if-there.ts';

const REFUSED = 'files of git that git refuses';

/**
 * The result of a walk. In `changes`, the deletion of a path comes before what replaces it.
 */
export interface UpperWalk {
  changes: TreeChange[];
  /** Counts of paths that exist in the workspace but not in the checkpoint, by reason; a folder counts as one. */
  leftOut: Record<string, number>;
  /** Files and links that were left out although the base may track them. */
  unkept: Extract<TreeChange, { kind: 'write' }>[];
  /** Notes for the agent about ignore files that were too large or too costly to follow. */
  notes: string[];
}

/** No project nests deeper. A walk takes stack and time by the square of the depth; some builds of git stop at 512. */
const MAX_DEPTH = 256;

interface Folders {
  upper: string;
  base: string;
  /** The setup layer, between base and upper. */
  setup?: string;
}

/** One folder of the walk. */
interface Place {
  path: string;
  /** The base has this folder too. */
  inBase: boolean;
  /** A pattern ignores this folder: below it, only paths that the base tracks count. */
  ignored: boolean;
  rules: readonly IgnoreFile[];
}

/** Whether a file is known to be as the layers below have it. In an overlay's upper folder no file is. */
type IsUntouched = (path: string, stat: Stats) => boolean;

/**
 * Walks the upper folder. `listMerged` returns the names in each folder as the mounted overlay shows them. A deleted
 * path is a missing name there, whether the file was deleted or its whole folder replaced.
 */
export async function walkUpper(
  folders: Folders,
  listMerged: (paths: readonly string[]) => Promise<ReadonlyMap<string, ReadonlySet<string>>>,
  isUntouched: IsUntouched = () => false,
  findArtefact: FindArtefact = () => undefined,
): Promise<UpperWalk> {
  const shared = findSharedFolders(folders);
  const merged = shared.length > 0 ? await listMerged(shared) : new Map<string, ReadonlySet<string>>();
  const walk: UpperWalk = { changes: [], leftOut: {}, unkept: [], notes: [] };
  const ignore = openIgnoreRules();
  const visit = (place: Place): void => {
    const base = place.inBase ? readKinds(folders.base, place.path) : new Map<string, Kind>();
    const names = merged.get(place.path);
    if (place.inBase && !names) throw new Error(`the overlay's view of ${place.path || '/'} is missing`);
    for (const name of base.keys()) {
      if (!names?.has(name)) walk.changes.push({ kind: 'delete', path: toBytes(join(place.path, name)) });
    }
    const entries = readFolder(folders.upper, place.path);
    const own = place.ignored ? undefined : readRules({ folders, ignore }, place, entries, names);
    const here: Place = own ? { ...place, rules: [...place.rules, own] } : place;
    for (const entry of entries)
      visitEntry({ folders, walk, visit, ignore, isUntouched, findArtefact }, here, entry, base.get(entry.name));
  };
  visit({ path: '', inBase: true, ignored: false, rules: [] });
  return limitSizes({ ...walk, notes: ignore.tell() });
}

/** Leaves out files that are too large, then the largest of the others, until the rest fits into a checkpoint. */
function limitSizes(walk: UpperWalk): UpperWalk {
  const { changes, leftOut } = walk;
  const sizes = changes
    .flatMap((change) => (change.kind === 'write' && change.mode !== '120000' ? [change] : []))
    .map((change) => ({ change, bytes: lstatSync(change.source).size }))
    .toSorted((one, other) => other.bytes - one.bytes);
  let total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const dropped = new Set<TreeChange>();
  const unkept = [...walk.unkept];
  for (const { change, bytes } of sizes) {
    const reason =
      bytes > MAX_FILE_BYTES ? 'files over 512 MiB' : total > MAX_CHECKPOINT_BYTES ? 'files beyond 1 GiB in all' : '';
    if (reason === '') break;
    dropped.add(change);
    unkept.push(change);
    total -= bytes;
    leftOut[reason] = (leftOut[reason] ?? 0) + 1;
  }
  return { ...walk, unkept, changes: dropped.size === 0 ? changes : changes.filter((change) => !dropped.has(change)) };
}

type Kind = 'folder' | 'file' | 'link' | 'other';

function kindOf(entry: Dirent | Stats): Kind {
  if (entry.isDirectory()) return 'folder';
  if (entry.isFile()) return 'file';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

/** The parts that all entries of one walk share. */
interface Walk {
  folders: Folders;
  walk: UpperWalk;
  visit: (place: Place) => void;
  ignore: IgnoreRules;
  isUntouched: IsUntouched;
  findArtefact: FindArtefact;
}

function visitEntry(
  { folders: { upper }, walk, visit, ignore, isUntouched, findArtefact }: Walk,
  place: Place,
  entry: Dirent,
  inBase: Kind | undefined,
): void {
  const path = join(place.path, entry.name);
  // The agent's scratch repository is not part of its work.
  if (path === '.git') return;
  const leaveOut = (reason: string, count = 1): void => {
    walk.leftOut[reason] = (walk.leftOut[reason] ?? 0) + count;
  };
  if (path.length > MAX_PATH_BYTES) return leaveOut('paths that are too long');
  const kind = kindOf(entry);
  const stat = kind === 'folder' ? undefined : lstatSync(toPath(upper, path));
  // An overlay's mark of a deletion, which `visit` has already found by its missing name.
  if (stat?.isCharacterDevice() && stat.rdev === 0) return;
  if (stat && isUntouched(path, stat)) return;
  const refused = findRefusal(toPath(upper, path), entry, { kind, stat, ignore });
  // If the base has a file there, the checkpoint has the base's.
  if (refused !== undefined) {
    if (kind !== 'folder') walk.unkept.push(toWrite(upper, path, kind, stat));
    return leaveOut(refused);
  }
  if (inBase !== undefined && (inBase === 'folder') !== (kind === 'folder')) {
    walk.changes.push({ kind: 'delete', path: toBytes(path) });
  }
  if (kind === 'other') {
    if (inBase !== undefined && inBase !== 'folder') walk.changes.push({ kind: 'delete', path: toBytes(path) });
    return leaveOut('special files');
  }
  const ignored = place.ignored || ignore.isIgnored(place.rules, path, kind === 'folder');
  const artefact = findArtefact(path, kind === 'folder');
  if (kind === 'folder') {
    if (ignored && inBase !== 'folder') return leaveOut('ignored');
    if (artefact !== undefined && inBase !== 'folder') {
      const count = countFiles(upper, path, isUntouched);
      return count > 0 ? leaveOut(artefact, count) : undefined;
    }
    if (isTooDeep(path)) return leaveOut('folders that are too deep');
    if (inBase !== 'folder' && readFolder(upper, path).length === 0) return leaveOut('empty folders');
    return visit({ path, inBase: inBase === 'folder', ignored, rules: place.rules });
  }
  const isNew = inBase === undefined || inBase === 'folder';
  if (isNew && (ignored || artefact !== undefined)) return leaveOut(ignored ? 'ignored' : (artefact ?? ''));
  if (stat && kind === 'file') makeReadable(toPath(upper, path), stat, 0o400);
  walk.changes.push(toWrite(upper, path, kind, stat));
}

function toWrite(upper: string, path: string, kind: Kind, stat: Stats | undefined): UpperWalk['unkept'][number] {
  const mode = kind === 'link' ? '120000' : ((stat?.mode ?? 0) & 0o100) !== 0 ? '100755' : '100644';
  return { kind: 'write', path: toBytes(path), mode, source: toPath(upper, path) };
}

/** The number of files below a folder that no layer below has. */
function countFiles(upper: string, path: string, isUntouched: IsUntouched): number {
  if (isTooDeep(path) || path.length > MAX_PATH_BYTES) return 1;
  return readFolder(upper, path).reduce((count, entry) => {
    const at = join(path, entry.name);
    if (entry.isDirectory()) return count + countFiles(upper, at, isUntouched);
    return count + (isUntouched(at, lstatSync(toPath(upper, at))) ? 0 : 1);
  }, 0);
}

/**
 * Why a path is in no checkpoint, whatever `.gitignore` says: git refuses it, or the git of a person who fetches it
 * could run what it says.
 */
function findRefusal(
  at: Buffer,
  { name }: Dirent,
  { kind, stat, ignore }: { kind: Kind; stat: Stats | undefined; ignore: IgnoreRules },
): string | undefined {
  if (isGitsOwn(name)) return 'nested .git';
  const isLink = kind === 'link';
  if (isLink && readlinkSync(at, 'latin1').split('/').some(isGitsOwn)) return 'links into .git';
  const read = readByGit(name);
  if (read === undefined) return undefined;
  if (isLink || read.includes('~') || (read === '.gitmodules' && name !== read)) return REFUSED;
  const isPlain = { '.gitmodules': isPlainModules, '.gitattributes': isPlainAttributes }[read];
  if (!isPlain) return undefined;
  if (kind !== 'file' || !stat) return REFUSED;
  makeReadable(at, stat, 0o400);
  const bytes = ignore.read(at, stat.size);
  return bytes && isPlain(bytes) ? undefined : REFUSED;
}

/** Folders that are in upper and base, parents first: only in them can paths of the base have been deleted. */
function findSharedFolders({ upper, base }: Folders): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    if (isTooDeep(path)) return;
    found.push(path);
    const kinds = readKinds(base, path);
    for (const entry of readFolder(upper, path)) {
      const isShared = entry.isDirectory() && kinds.get(entry.name) === 'folder';
      if (isShared && join(path, entry.name).length <= MAX_PATH_BYTES) visit(join(path, entry.name));
    }
  };
  visit('');
  return found;
}

/** The rules of a folder's `.gitignore` as the checkpoint has it: from the highest layer that has the file. */
function readRules(
  { folders, ignore }: Pick<Walk, 'folders' | 'ignore'>,
  { path, inBase }: Place,
  entries: readonly Dirent[],
  merged: ReadonlySet<string> | undefined,
): IgnoreFile | undefined {
  const file = join(path, '.gitignore');
  const own = entries.find(({ name }) => name === '.gitignore');
  // A link named .gitignore is in no checkpoint, so the file of the layers below counts.
  if (own && !own.isSymbolicLink()) return own.isFile() ? parseAt(ignore, folders.upper, file) : undefined;
  if (inBase && !merged?.has('.gitignore')) return undefined;
  for (const layer of [folders.setup, ...(inBase ? [folders.base] : [])]) {
    if (layer === undefined) continue;
    const stat = statIfThere(toPath(layer, file));
    if (stat?.isFile()) return parseAt(ignore, layer, file);
  }
  return undefined;
}

function parseAt(ignore: IgnoreRules, layer: string, path: string): IgnoreFile | undefined {
  const at = toPath(layer, path);
  const stat = lstatSync(at);
  makeReadable(at, stat, 0o400);
  return ignore.rulesOf(at, { path, size: stat.size });
}

function readKinds(layer: string, path: string): Map<string, Kind> {
  return new Map(readFolder(layer, path).map((entry) => [entry.name, kindOf(entry)]));
}

function readFolder(layer: string, path: string): Dirent[] {
  const folder = toPath(layer, path);
  makeReadable(folder, lstatSync(folder), 0o700);
  return readdirSync(folder, { withFileTypes: true, encoding: 'latin1' });
}

/** A worker that is not root can't read a file without that permission. Git does not store these bits. */
function makeReadable(at: Buffer, stat: Stats, wanted: number): void {
  if ((stat.mode & wanted) !== wanted) chmodSync(at, (stat.mode & 0o7777) | wanted);
}

const isTooDeep = (path: string): boolean => path.split('/').length > MAX_DEPTH;
const join = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);
const toBytes = (path: string): Buffer => Buffer.from(path, 'latin1');
const toPath = (layer: string, path: string): Buffer => Buffer.concat([Buffer.from(`${layer}/`), toBytes(path)]);
