/**
 * Finds and locks the folders of workspaces.
 * Rule: only the process that holds a folder's lock runs commands or changes files there.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from '../processes/lock.ts';
import type { FileLock } from '../../programs/child.ts';
import { SandboxError } from '../sandbox-error.ts';
import { folderName, readState } from './state.ts';

/** How long to wait for an id's first folder: the dying processes of a killed worker may still hold its lock. */
const BUSY_MS = 2_000;
const BUSY_LOOK_MS = 20;
/** Folders for one id. A second one is needed only while a frozen or another live worker holds the first. */
const MAX_SLOTS = 8;

/** A folder that this process holds until it releases the lock. */
export interface HeldFolder {
  folder: string;
  lock: FileLock;
}

/** Locks a folder for an id: its first one if that is free within `BUSY_MS`, otherwise the next free one. */
export async function acquireFolder(parent: string, id: string): Promise<HeldFolder> {
  for (let slot = 1; slot <= MAX_SLOTS; slot += 1) {
    const folder = join(parent, slot === 1 ? folderName(id) : `${folderName(id)}~${slot}`);
    const until = performance.now() + (slot === 1 ? BUSY_MS : 0);
    do {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const lock = await tryLock(join(folder, 'lock'));
      if (lock) return { folder, lock };
      await new Promise((resolve) => setTimeout(resolve, BUSY_LOOK_MS));
    } while (performance.now() < until);
  }
  const held = `all ${MAX_SLOTS} folders of workspace "${id}" are held by other processes`;
  const message = `${held}: end the frozen workers on this host`;
  throw new SandboxError('busy', message, { id });
}

/** All folders with a readable state, with their workspaces' ids. */
export async function listFolders(parent: string): Promise<{ id: string; folder: string }[]> {
  const found: { id: string; folder: string }[] = [];
  for (const name of (await readdir(parent)).sort()) {
    const state = await readState(join(parent, name));
    if (state) found.push({ id: state.id, folder: join(parent, name) });
  }
  return found;
}
