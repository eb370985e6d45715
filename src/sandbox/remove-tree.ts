/**
 * Removes a folder that commands have filled, whatever permissions they left in it.
 * Rule: never follows a link, and only makes folders writable that it is about to remove.
 */
import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes a folder and all in it; nothing to do where it is not there. */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    await openFolders(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function openFolders(folder: string): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) return;
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true, encoding: 'buffer' })) {
    // Names that are not UTF-8 stay closed; the removal that follows says so.
    if (entry.isDirectory()) await openFolders(join(folder, entry.name.toString()));
  }
}
