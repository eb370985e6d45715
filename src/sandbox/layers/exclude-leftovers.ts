/**
 * Has the git of a workspace take what a setup left for ignored: packages and generated files are nobody's work,
 * whatever `.gitignore` says of them.
 * Rule: only what stood there after the setup is meant, by its path; what a commit tracks never is, and what an agent
 * changes of it is in its checkpoint all the same.
 */
import { chown, lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import { listRawFiles } from '../../git/read/list-files.ts';
import type { Store } from '../../git/store.ts';

/**
 * Writes `.git/info/exclude` beside these files, of which a commit or tree tracks some. A layer is shared by later
 * commits, which may track more in a folder of leftovers: `into` is a workspace at one of them, for which it is written
 * anew.
 */
export async function excludeLeftovers(
  { store, tracked }: { store: Store; tracked: Sha },
  files: string,
  into = files,
): Promise<void> {
  const lines = listLeftovers(files, await listRawFiles(store, tracked)).map((line) => `${line}\n`);
  const info = join(into, '.git', 'info');
  // Empty, it hides the layer's.
  if (lines.length === 0 && into === files) return;
  await mkdir(info, { recursive: true });
  const exclude = join(info, 'exclude');
  await rm(exclude, { force: true });
  await writeFile(exclude, Buffer.from(lines.join(''), 'latin1'));
  // A root worker's files may be handed to its commands' user already; git there writes beside this.
  const { uid, gid } = await lstat(into);
  if (uid !== process.geteuid?.()) for (const path of [join(into, '.git'), info, exclude]) await chown(path, uid, gid);
}

/** A folder without tracked files is one line. Paths are byte strings (latin1). */
function listLeftovers(files: string, paths: readonly string[]): string[] {
  const tracked = new Set(paths);
  const folders = new Set(paths.flatMap(listFolders));
  const lines: string[] = [];
  const visit = (folder: string): void => {
    const at = Buffer.concat([Buffer.from(`${files}/`), Buffer.from(folder, 'latin1')]);
    for (const entry of readdirSync(at, { withFileTypes: true, encoding: 'latin1' })) {
      const path = `${folder}${entry.name}`;
      // A device is how an overlay marks what is gone.
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

/** The pattern that means this path: a line holds no line break, so one is any character. */
function asPattern(path: string): string {
  return path
    .replace(/[\\*?[]/g, '\\$&')
    .replace(/ $/, '\\ ')
    .replace(/[\r\n]/g, '?');
}
