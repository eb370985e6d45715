/**
 * Removes workspaces that have not been used for long, then base and setup layers that no workspace uses.
 * Rule: nothing is removed that is held, listed in `keep`, or used meanwhile. A layer is renamed before its removal, so
 * that for other processes it is whole or gone.
 */
import { readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from '../processes/lock.ts';
import { isRunning } from '../processes/process-tree.ts';
import { removeTree } from '../files/remove-tree.ts';
import { readState } from './state.ts';
import type { WorkspaceState } from './state.ts';

/** What a sweep may remove. */
export interface SweepRequest {
  /** Workspaces and layers that were last used longer ago than this. */
  olderThanMs: number;
  /** Ids of workspaces that stay, however old. */
  keep: readonly string[];
}

/** What a sweep removed: ids of workspaces, and numbers of layers. */
export interface Sweep {
  workspaces: string[];
  bases: number;
  setups: number;
}

/**
 * Checks and setups hold no lock on their layers. A layer is marked as used whenever something is opened over it, and
 * no check or setup runs for a day.
 */
const LAYER_IDLE_MS = 24 * 3_600_000;
const GONE = '.gone-';

/** Removes old workspaces. `unlessHeld` runs a removal only if this process does not have the workspace open. */
export async function sweepWorkspaces(
  folder: string,
  { olderThanMs, keep }: SweepRequest,
  unlessHeld: (id: string, remove: () => Promise<void>) => Promise<void>,
): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(folder)) {
    const place = join(folder, name);
    const state = await readState(place);
    if (state && keep.includes(state.id)) continue;
    const isOld = async (): Promise<boolean> => (await idleMs(place, 'state.json')) > olderThanMs;
    if (!(await isOld())) continue;
    await unlessHeld(state?.id ?? name, async () => {
      const lock = await tryLock(join(place, 'lock'));
      if (!lock) return;
      try {
        // The workspace may have been used between the first look and the lock.
        if (!(await isOld())) return;
        await removeTree(place);
        removed.push(state?.id ?? name);
      } finally {
        await lock.release();
      }
    });
  }
  return removed;
}

/** Removes old layers that no workspace under `stateDir` uses, and layers that dead processes left half made. */
export async function sweepLayers(stateDir: string, { olderThanMs }: SweepRequest): Promise<Omit<Sweep, 'workspaces'>> {
  const states = await readStates(join(stateDir, 'workspaces'));
  const minIdleMs = Math.max(olderThanMs, LAYER_IDLE_MS);
  const setups = join(stateDir, 'setups');
  return {
    bases: await sweepFolder(join(stateDir, 'bases'), minIdleMs, (name) =>
      states.some(({ base }) => name.endsWith(`-${base}`)),
    ),
    setups: await sweepFolder(setups, minIdleMs, (name) =>
      states.some(({ setup }) => setup.includes(join(setups, name))),
    ),
  };
}

async function readStates(folder: string): Promise<WorkspaceState[]> {
  const states = await Promise.all((await readdir(folder)).map(async (name) => await readState(join(folder, name))));
  return states.filter((state) => state !== undefined);
}

async function sweepFolder(parent: string, minIdleMs: number, isNeeded: (name: string) => boolean): Promise<number> {
  let removed = 0;
  for (const name of await readdir(parent)) {
    const folder = join(parent, name);
    // A layer that is being made or removed; its name ends with the process's id.
    const [, maker] = /-[0-9a-f]{8}-(\d+)$/.exec(name) ?? [];
    if (maker !== undefined) {
      if (!isRunning(Number(maker))) await removeTree(folder);
      continue;
    }
    const idle = await idleMs(folder);
    if (idle <= minIdleMs || isNeeded(name)) continue;
    const gone = join(parent, `${GONE}${name}-00000000-${process.pid}`);
    await rename(folder, gone);
    // If another process marked it as used just before the rename, that process needs it, so it is put back.
    if ((await idleMs(gone)) <= minIdleMs && (await tryRename(gone, folder))) continue;
    await removeTree(gone);
    removed += 1;
  }
  return removed;
}

async function tryRename(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch {
    return false;
  }
}

/** How long ago a folder was changed; or a file in it, if the file exists. */
async function idleMs(folder: string, file?: string): Promise<number> {
  const there = file === undefined ? undefined : await stat(join(folder, file)).catch(() => undefined);
  const { mtimeMs } = there ?? (await stat(folder));
  return Date.now() - mtimeMs;
}
