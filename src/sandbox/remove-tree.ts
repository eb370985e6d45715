/**
 * Removes a folder that commands have filled, whatever permissions they left in it.
 * Rule: never follows a link, and only opens folders that it is about to remove.
 */
import { chmodSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { execa } from 'execa';
import { statIfThere } from './stat-if-there.ts';

/** Removes a folder and all in it; nothing to do where it is not there. */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    openFolders(Buffer.from(folder));
    // It changes into folders, and so reaches those whose path is too long to be named.
    await execa('rm', ['-rf', '--', folder]);
  }
}

function openFolders(folder: Buffer): void {
  if (!statIfThere(folder)?.isDirectory()) return;
  try {
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })) {
      if (entry.isDirectory()) openFolders(Buffer.concat([folder, Buffer.from('/'), entry.name]));
    }
  } catch (error) {
    // The removal that failed elsewhere may still be at work here.
    const isPassing =
      error instanceof Error && 'code' in error && ['ENOENT', 'ENAMETOOLONG'].includes(String(error.code));
    if (!isPassing) throw error;
  }
}
