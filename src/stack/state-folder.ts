/**
 * Restricts the state folder to this user, at each start, before anything is written to it.
 * Rule: other users of the host can't enter the folder. A folder that another user could have made is refused.
 */
import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The folder can't be used safely; the message says why and what to do. */
export class StateFolderError extends Error {
  override name = 'StateFolderError';
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS = 0o077;

/** Makes the folder if it is missing, and removes other users' access to it and to the files in it. */
export async function claimStateFolder(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { mode: FOLDER_MODE }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  const found = await lstat(folder);
  await refuseForeign(folder, found);
  if (found.mode & OTHERS) await chmod(folder, FOLDER_MODE);
  // Older versions left these files open to others. Deeper files are protected by this folder.
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isFile()) await close(join(folder, entry.name));
}

async function refuseForeign(folder: string, found: Stats): Promise<void> {
  if (found.isSymbolicLink()) {
    const target = await realpath(folder).catch(() => 'nothing');
    throw new StateFolderError(
      `the state folder ${folder} is a symbolic link to ${target}: set COXSWAIN_STATE to the real folder, or remove the link`,
    );
  }
  if (!found.isDirectory())
    throw new StateFolderError(
      `the state folder ${folder} is not a folder: remove it, or set COXSWAIN_STATE to another one`,
    );
  const user = process.geteuid?.();
  if (user !== undefined && found.uid !== user) {
    throw new StateFolderError(
      `the state folder ${folder} belongs to another user (id ${found.uid}, this is ${user}), who could change what is in it: ` +
        `set COXSWAIN_STATE to your own folder, or run this as that user`,
    );
  }
}

/** Removes other users' access to a file. A temporary file of another process may be gone by now. */
async function close(path: string): Promise<void> {
  try {
    const { mode } = await lstat(path);
    if (mode & OTHERS) await chmod(path, FILE_MODE);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
