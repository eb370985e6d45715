/**
 * Makes and walks the files of a workspace that is a plain folder: a copy of the shared layers, changed to a commit.
 * Rule: the folder has what an overlay of the same layers shows, and the walk finds what an overlay's walk finds.
 */
import { lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import type { Sha } from '../../core/transcript.ts';
import { diffTrees } from '../../git/read/diff-trees.ts';
import type { Store } from '../../git/store.ts';
import { writeDifference } from '../../git/write/write-difference.ts';
import { markOf } from '../files/file-marks.ts';
import type { FileMarks } from '../files/file-marks.ts';
import type { FindArtefact } from '../files/find-artefact.ts';
import { runHelper } from '../../programs/run-helper.ts';
import { SandboxError } from '../sandbox-error.ts';
import { statIfThere } from '../files/stat-if-there.ts';
import { walkUpper } from './walk-upper.ts';
import type { UpperWalk } from './walk-upper.ts';

/** Copies folders into one, later ones over earlier ones, with modes, times and links; as reflinks where possible. */
export async function copyLayers(layers: readonly string[], into: string): Promise<void> {
  for (const layer of layers) {
    try {
      await runHelper('cp', ['-a', '--reflink=auto', '--', `${layer}/.`, into]);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw new SandboxError('walk', `can't copy ${layer}: ${problem}`);
    }
  }
}

/** Changes a copy of the base's layers to the files of a commit, and returns the paths that differ from the base. */
export async function applyDifference(
  store: Store,
  { base, commit, files }: { base: Sha; commit: Sha; files: string },
): Promise<string[]> {
  const changed = await diffTrees(store, { from: base, to: commit });
  for (const { rawPath } of changed) makeWay(files, rawPath.toString('latin1'));
  // Git has no empty folders: folders that lost their last file are removed, as in a fresh checkout.
  for (const { rawPath, status } of changed) if (status === 'D') removeEmpty(files, rawPath.toString('latin1'));
  await writeDifference(store, {
    from: base,
    to: commit,
    into: files,
    markDeleted: async () => await Promise.resolve(),
  });
  return changed.map(({ rawPath }) => rawPath.toString('latin1'));
}

/** Removes whatever is at a path, and a file in place of a folder above it. */
function makeWay(files: string, path: string): void {
  const parts = path.split('/');
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const at = toBytes(files, parts.slice(0, depth).join('/'));
    const stat = statIfThere(at);
    if (!stat) return;
    if (depth === parts.length || !stat.isDirectory()) rmSync(at, { recursive: true, force: true });
  }
}

function removeEmpty(files: string, path: string): void {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const folder = toBytes(files, path.slice(0, slash));
    if (!statIfThere(folder)?.isDirectory() || readdirSync(folder).length > 0) return;
    rmdirSync(folder);
  }
}

/** The changes of a plain folder to its base. No process that could write there may be alive. */
export async function walkPlain(
  folders: { base: string; upper: string },
  marks: FileMarks,
  findArtefact?: FindArtefact,
): Promise<UpperWalk> {
  const listMerged = async (paths: readonly string[]): Promise<Map<string, Set<string>>> =>
    await Promise.resolve(new Map(paths.map((path) => [path, new Set(readNames(folders.upper, path))])));
  return await walkUpper(folders, listMerged, (path, stat) => marks.get(path) === markOf(stat), findArtefact);
}

/** Removes the base's files from a copy of it, so that only added files are left. */
export function removeBase(files: string, base: string, path = ''): void {
  for (const entry of readdirSync(toBytes(base, path), { withFileTypes: true, encoding: 'latin1' })) {
    const name = path === '' ? entry.name : `${path}/${entry.name}`;
    const there = toBytes(files, name);
    if (!entry.isDirectory()) {
      rmSync(there, { force: true });
    } else if (statIfThere(there)?.isDirectory()) {
      removeBase(files, base, name);
      if (readNames(files, name).length === 0) rmdirSync(there);
    }
  }
}

function readNames(folder: string, path: string): string[] {
  const at = toBytes(folder, path);
  return lstatSync(at).isDirectory() ? readdirSync(at, { encoding: 'latin1' }) : [];
}

const toBytes = (folder: string, path: string): Buffer =>
  Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
