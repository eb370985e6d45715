/**
 * Makes a workspace's git ignore the files that a setup left, such as packages and generated files, whatever
 * `.gitignore` says: they are not the agent's work.
 * Rule: excluded are only paths that existed right after the setup, and never a path that the commit tracks. What an
 * agent changes in them is in its checkpoint all the same.
 */
import { chown, lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import { listRawFiles } from '../../git/read/list-files.ts';
import type { Store } from '../../git/store.ts';

/**
 * Writes `.git/info/exclude` for the paths in `files` that the commit or tree `tracked` does not track. `into` is a
 * workspace at a later commit, which may track more in a folder of leftovers and so gets its own file.
 */
export async function excludeLeftovers(
  { store, tracked }: { store: Store; tracked: Sha },
  files: string,
  into = files,
): Promise<void> {
  const lines = listLeftovers(files, await listRawFiles(store, tracked)).map((line) => `${line}\n`);
  const info = join(into, '.git', 'info');
  // A workspace at a later commit gets an empty file too: it hides the layer's.
  if (lines.length === 0 && into === files) return;
  await mkdir(info, { recursive: true });
  const exclude = join(info, 'exclude');
  await rm(exclude, { force: true });
  await writeFile(exclude, Buffer.from(lines.join(''), 'latin1'));
  // The command user may own the workspace already; its git writes next to this file.
  const { uid, gid } = await lstat(into);
  if (uid !== process.geteuid?.()) for (const path of [join(into, '.git'), info, exclude]) await chown(path, uid, gid);
}

/** Patterns for the untracked paths; one line for a folder without tracked files. Paths are byte strings (latin1). */
function listLeftovers(files: string, paths: readonly string[]): string[] {
  const tracked = new Set(paths);
  const folders = new Set(paths.flatMap(listFolders));
  const lines: string[] = [];
  const visit = (folder: string): void => {
    const at = Buffer.concat([Buffer.from(`${files}/`), Buffer.from(folder, 'latin1')]);
    for (const entry of readdirSync(at, { withFileTypes: true, encoding: 'latin1' })) {
      const path = `${folder}${entry.name}`;
      // An overlay marks a deleted path by a character device.
      if (path === '.git' || tracked.has(path) || entry.isCharacterDevice()) continue;
      if (!entry.isDirectory()) lines.push(`/${asPattern(path)}`);
      else if (folders.has(path)) visit(`${path}/`);
      else lines.push(`/${asPattern(path)}/`);
    }
  };
  visit('');
  return lines;
}

function listFolders(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) folders.push(path.slice(0, end));
  return folders;
}

/** The pattern for exactly this path, except that a line break becomes `?`: a pattern can't contain one. */
function asPattern(path: string): string {
  return path
    .replace(/[\\*?[]/g, '\\$&')
    .replace(/ $/, '\\ ')
    .replace(/[\r\n]/g, '?');
}
