/**
 * Removes a folder that commands have filled, whatever permissions they left in it and however deep it is.
 * Rule: never follows a link, and only opens folders that it is about to remove.
 */
import { rm } from 'node:fs/promises';
import { execa } from 'execa';

/** Removes a folder and all in it; nothing to do where it is not there. */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    // These change into folders, and so reach those whose path is too long to be named. Another removal may be at work.
    await execa('chmod', ['-R', 'u+rwX', '--', folder], { reject: false, stdio: 'ignore' });
    await execa('rm', ['-rf', '--', folder]);
  }
}
