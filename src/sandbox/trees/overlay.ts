/**
 * Walks an overlay's upper folder for changes, and fills a new one from a commit (hydration).
 * Rule: deletions are made and read through a mounted overlay inside the sandbox, so neither root nor extended
 * attributes are needed.
 */
import type { Stats } from 'node:fs';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Sha } from '../../core/transcript.ts';
import type { TreeChange } from '../../git/write/commit-checkpoint.ts';
import { MAX_FILE_BYTES } from '../../git/write/commit-checkpoint.ts';
import { diffTrees } from '../../git/read/diff-trees.ts';
import type { Store } from '../../git/store.ts';
import { writeDifference } from '../../git/write/write-difference.ts';
import type { FindArtefact } from '../files/find-artefact.ts';
import type { Layers, SandboxRoot } from '../bubblewrap/layout.ts';
import { runScript } from '../command/run-script.ts';
import { SandboxError } from '../sandbox-error.ts';
import { statIfThere } from '../files/stat-if-there.ts';
import { walkUpper } from './walk-upper.ts';
import type { UpperWalk } from './walk-upper.ts';

/** The folders of one workspace: base checkout, scratch repository, setup layer, and the workspace's own changes. */
export interface OverlayFolders {
  base: string;
  git: string;
  setup?: string;
  upper: string;
}

/** Listing or deleting a hundred thousand names takes seconds. */
const INSIDE_TIMEOUT_MS = 120_000;
const MAX_ARGUMENTS_LENGTH = 32_768;

/** Layers for a command that may write the workspace; `work` is overlayfs' scratch folder. */
export function writableLayers(folders: OverlayFolders, work: string): Layers {
  return { lower: lowerFolders(folders), upper: { files: folders.upper, work } };
}

/** Layers for a command that may only read the workspace. */
export function readOnlyLayers(folders: OverlayFolders): Layers {
  return { lower: [...lowerFolders(folders), folders.upper] };
}

function lowerFolders({ base, git, setup }: OverlayFolders): string[] {
  return [base, git, ...(setup === undefined ? [] : [setup])];
}

/** The changes of an upper folder to its base. No process of its sandbox may be alive. */
export async function walkLayers(
  root: SandboxRoot,
  folders: OverlayFolders,
  findArtefact?: FindArtefact,
): Promise<UpperWalk> {
  const listMerged = async (paths: readonly string[]): Promise<Map<string, Set<string>>> => {
    const output = await runInside(root, readOnlyLayers(folders), listScript(paths), paths);
    const names = new Map<string, Set<string>>(paths.map((path) => [path, new Set<string>()]));
    for (const line of output.toString('latin1').split('\0')) {
      const slash = line.lastIndexOf('/');
      if (slash >= 0) names.get(line.slice(2, slash))?.add(line.slice(slash + 1));
    }
    return names;
  };
  return await walkUpper(folders, listMerged, undefined, findArtefact);
}

/** Starts `find` directly where the names fit into its arguments: each program in between costs a millisecond. */
function listScript(paths: readonly string[]): string | readonly string[] {
  const how = ['-mindepth', '1', '-maxdepth', '1', '-print0'];
  const names = paths.map((path) => `./${path}`);
  // Node's arguments are Unicode text, and names can be any bytes: only ASCII names go as arguments.
  const areArguments = names.join(' ').length < MAX_ARGUMENTS_LENGTH && names.every((name) => /^[ -~]*$/.test(name));
  return areArguments ? ['find', ...names, ...how] : `exec xargs -0 sh -c 'exec find "$@" ${how.join(' ')}' sh`;
}

/** Writes the difference between base and commit into a fresh upper folder. */
export async function hydrate(
  root: SandboxRoot,
  store: Store,
  { folders, work, base, commit }: { folders: OverlayFolders; work: string; base: Sha; commit: Sha },
): Promise<void> {
  const deleted: string[] = [];
  await writeDifference(store, {
    from: base,
    to: commit,
    into: folders.upper,
    markDeleted: async (path) => void deleted.push(path.toString('latin1')),
  });
  const gone = deleted.filter((path) => !isReplaced(folders.upper, path));
  if (gone.length === 0) return;
  const layers = writableLayers(folders, work);
  await runInside(root, layers, 'exec xargs -0 rm -f --', gone);
  // Git has no empty folders: a folder that lost its last file is removed, as in a plain checkout.
  await runInside(root, layers, 'exec xargs -0 rmdir --ignore-fail-on-non-empty --', parentsOf(gone), 'may fail');
}

/**
 * Whether the upper folder has something at a deleted path, or a file in place of a folder above it. That already hides
 * the base's file.
 */
function isReplaced(upper: string, path: string): boolean {
  const parts = path.split('/');
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const at = Buffer.concat([Buffer.from(`${upper}/`), Buffer.from(parts.slice(0, depth).join('/'), 'latin1')]);
    const stat = statIfThere(at);
    if (!stat) return false;
    if (depth === parts.length || !stat.isDirectory()) return true;
  }
  return false;
}

/** All folders above these paths, deepest first. */
function parentsOf(paths: readonly string[]): string[] {
  const parents = new Set<string>();
  for (const path of paths) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
      parents.add(path.slice(0, slash));
  }
  return [...parents].sort((a, b) => b.split('/').length - a.split('/').length);
}

/** Runs one of our own scripts over the overlay, with paths on its stdin, and returns its whole output. */
async function runInside(
  root: SandboxRoot,
  layers: Layers,
  script: string | readonly string[],
  paths: readonly string[],
  failure: 'is an error' | 'may fail' = 'is an error',
): Promise<Buffer> {
  const stdin = Buffer.from(paths.map((path) => `./${path}\0`).join(''), 'latin1');
  const request = { layers, script, stdin, timeoutMs: INSIDE_TIMEOUT_MS };
  const { exitCode, stdout, stderr } = await runScript(root, request);
  if (exitCode === 0 || failure === 'may fail') return stdout;
  throw new SandboxError('walk', `the overlay can't be read: ${stderr.slice(-500)}`, { exitCode });
}

/** A commit's difference to its base: a folder with the files that differ, and the paths that the commit deletes. */
export interface Beyond {
  files: string;
  deleted: ReadonlySet<string>;
  /** Paths of `files` that were written into the walked folder itself. One that is missing there was deleted. */
  inPlace?: ReadonlySet<string>;
}

/**
 * Tracked paths that these changes alter. Tracked are the paths of the base, or of the commit whose difference is
 * `beyond`. A file that was only touched is not altered.
 */
export function findChangedTracked(base: string, { changes, unkept }: UpperWalk, beyond?: Beyond): string[] {
  const changed = new Set<string>();
  const missing = new Set(beyond?.inPlace);
  for (const change of [...changes, ...unkept]) {
    const path = change.path.toString('latin1');
    if (change.kind === 'write') missing.delete(path);
    const isDeleted = beyond?.deleted.has(path) === true;
    if (isDeleted && change.kind === 'delete') continue;
    // A path that the commit deletes may have been written anew: the base's file does not count then.
    const places = [...(beyond ? [beyond.files] : []), ...(isDeleted ? [] : [base])];
    const tracked = places
      .map((folder) => Buffer.concat([Buffer.from(`${folder}/`), change.path]))
      .find((place) => isThere(statIfThere(place)));
    if (!tracked || (change.kind === 'write' && isSame(change, tracked))) continue;
    changed.add(path);
  }
  return [...changed, ...missing];
}

/** An overlay layer marks a deleted path by a character device. */
function isThere(stat: Stats | undefined): boolean {
  return stat !== undefined && !stat.isCharacterDevice();
}

/** The paths of the base that a commit does not have, files and folders. */
export async function findDeleted(
  store: Store,
  { base, commit, checkout }: { base: Sha; commit: Sha; checkout: string },
): Promise<Set<string>> {
  const changed = await diffTrees(store, { from: base, to: commit });
  const pathsOf = (isGone: boolean): string[] =>
    changed.flatMap(({ rawPath, status }) => ((status === 'D') === isGone ? [rawPath.toString('latin1')] : []));
  const deleted = new Set(pathsOf(true));
  const kept = new Set(parentsOf(pathsOf(false)));
  for (const folder of parentsOf([...deleted])) {
    const at = Buffer.concat([Buffer.from(`${checkout}/`), Buffer.from(folder, 'latin1')]);
    const names = readdirSync(at, { encoding: 'latin1' });
    if (!kept.has(folder) && names.every((name) => deleted.has(`${folder}/${name}`))) deleted.add(folder);
  }
  return deleted;
}

function isSame(change: Extract<TreeChange, { kind: 'write' }>, tracked: Buffer): boolean {
  const [stat, own] = [lstatSync(tracked), lstatSync(change.source)];
  if (stat.isSymbolicLink())
    return own.isSymbolicLink() && readlinkSync(tracked, 'buffer').equals(readlinkSync(change.source, 'buffer'));
  const isAlike = stat.isFile() && own.isFile() && stat.size === own.size && (stat.mode & 0o100) === (own.mode & 0o100);
  return isAlike && own.size <= MAX_FILE_BYTES && readFileSync(tracked).equals(readFileSync(change.source));
}
