/**
 * Removes a folder that commands have filled, whatever its permissions and depth.
 * Rule: never follows a link, and changes permissions only of what it is about to remove.
 */
import { rm } from 'node:fs/promises';
import { runHelper } from '../../programs/run-helper.ts';

/** Removes a folder and all in it. Does nothing if it does not exist. */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    // These programs change into folders, so they reach paths that are too long to be named. chmod may fail where
    // another removal is under way.
    await runHelper('chmod', ['-R', 'u+rwX', '--', folder]).catch(() => undefined);
    await runHelper('rm', ['-rf', '--', folder]);
  }
}
