/**
 * Moves the files that a commit does not track, such as build output, from one workspace's files to another's.
 * Rule: nothing in the place of a tracked file or of a folder above one is moved. A folder without tracked files is
 * moved whole, with the marks by which an overlay hides lower layers.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import type { Sha } from '../../core/transcript.ts';
import { listRawFiles } from '../../git/read/list-files.ts';
import type { Store } from '../../git/store.ts';
import { statIfThere } from '../files/stat-if-there.ts';

/** Moves every untracked path out of `from`. No process that could write either folder may be alive. */
export async function carryUntracked(
  { store, commit }: { store: Store; commit: Sha },
  { from, to }: { from: string; to: string },
): Promise<void> {
  const files = new Set(await listRawFiles(store, commit));
  const folders = new Set<string>();
  for (const path of files) {
    for (
      let end = path.lastIndexOf('/');
      end > 0 && !folders.has(path.slice(0, end));
      end = path.lastIndexOf('/', end - 1)
    )
      folders.add(path.slice(0, end));
  }
  const visit = (folder: string): void => {
    for (const entry of readdirSync(at(from, folder), { withFileTypes: true, encoding: 'latin1' })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      // Each workspace has its own scratch repository.
      if (path === '.git' || files.has(path)) continue;
      const [source, target] = [at(from, path), at(to, path)];
      if (entry.isDirectory()) makeWritable(source);
      if (!folders.has(path)) {
        rmSync(target, { recursive: true, force: true });
        renameSync(source, target);
      } else if (entry.isDirectory()) {
        if (!statIfThere(target)) mkdirSync(target, { mode: lstatSync(source).mode & 0o777 });
        visit(path);
      }
    }
  };
  visit('');
}

/** A worker that is not root can't move a folder that it may not write. */
function makeWritable(folder: Buffer): void {
  const { mode } = lstatSync(folder);
  if ((mode & 0o700) !== 0o700) chmodSync(folder, (mode & 0o7777) | 0o700);
}

const at = (root: string, path: string): Buffer =>
  Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
