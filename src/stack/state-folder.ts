/**
 * Makes the state folder this user's alone, at each start, before anything is written to it.
 * Rule: other users of the host can enter nothing below it; a folder that somebody else could have made is refused.
 */
import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The folder can't be made safe; the message says why and what to do. */
export class StateFolderError extends Error {
  override name = 'StateFolderError';
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS = 0o077;

/** Makes the folder where it is missing, and closes it and the files in it to others where they are open. */
export async function claimStateFolder(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { mode: FOLDER_MODE }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  const found = await lstat(folder);
  await refuseForeign(folder, found);
  if (found.mode & OTHERS) await chmod(folder, FOLDER_MODE);
  // Of older versions, whose folder was open. What lies deeper is behind this folder.
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isFile()) await close(join(folder, entry.name));
}

async function refuseForeign(folder: string, found: Stats): Promise<void> {
  if (found.isSymbolicLink()) {
    const target = await realpath(folder).catch(() => 'nothing');
    throw new StateFolderError(
      `the state folder ${folder} is a link, to ${target}: set COXSWAIN_STATE to the folder that you mean, or remove the link`,
    );
  }
  if (!found.isDirectory())
    throw new StateFolderError(`the state folder ${folder} is no folder: remove it, or set COXSWAIN_STATE to another`);
  const user = process.geteuid?.();
  if (user !== undefined && found.uid !== user) {
    throw new StateFolderError(
      `the state folder ${folder} belongs to another user (id ${found.uid}, this is ${user}), who could change what is in it: ` +
        `set COXSWAIN_STATE to a folder of your own, or run this as that user`,
    );
  }
}

/** Closes a file to others; a temporary one of another process may be gone by now. */
async function close(path: string): Promise<void> {
  try {
    const { mode } = await lstat(path);
    if (mode & OTHERS) await chmod(path, FILE_MODE);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
