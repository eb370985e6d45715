/**
 * Remembers inode, size and change time of a plain workspace's files, so a checkpoint need not read untouched ones.
 * Rule: the same mark means the same bytes, since no command can set a file's change time (ctime).
 * Paths are byte strings (latin1), since file names need not be valid Unicode.
 */
import type { Stats } from 'node:fs';
import { lstatSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { MAX_PATH_BYTES } from '../limits.ts';

/** Marks by path. */
export type FileMarks = Map<string, string>;

/** A mark: it stays the same as long as the file is not touched. */
export function markOf({ ino, size, ctimeMs }: Stats): string {
  return `${ino} ${size} ${ctimeMs}`;
}

/** The marks of all files and links in a folder, except for a `.git` at its top. */
export function readMarks(folder: string): FileMarks {
  const marks: FileMarks = new Map();
  const visit = (path: string): void => {
    for (const entry of readdirSync(toBytes(folder, path), { withFileTypes: true, encoding: 'latin1' })) {
      const name = path === '' ? entry.name : `${path}/${entry.name}`;
      // A path that is too long is in no checkpoint, and the kernel may refuse to look at it.
      if (name === '.git' || name.length > MAX_PATH_BYTES) continue;
      if (entry.isDirectory()) visit(name);
      else marks.set(name, markOf(lstatSync(toBytes(folder, name))));
    }
  };
  visit('');
  return marks;
}

export async function saveMarks(file: string, marks: FileMarks): Promise<void> {
  await writeFile(file, [...marks].map(([path, mark]) => `${mark}\t${path}\0`).join(''), 'latin1');
}

/** Reads marks from a file. If the file is missing there are none, and every workspace file counts as touched. */
export async function loadMarks(file: string): Promise<FileMarks> {
  const text = await readFile(file, 'latin1').catch(() => '');
  return new Map(
    text
      .split('\0')
      .slice(0, -1)
      .map((line) => {
        const tab = line.indexOf('\t');
        return [line.slice(tab + 1), line.slice(0, tab)];
      }),
  );
}

const toBytes = (folder: string, path: string): Buffer =>
  Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
