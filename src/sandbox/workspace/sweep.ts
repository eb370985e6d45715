/**
 * Removes what nobody has used for long: workspaces, then the base and setup layers that no workspace stands on.
 * Rule: nothing that is held, named to be kept, or used since is removed; what goes is renamed first, so that it is
 * whole or gone for everybody else.
 */
import { readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from '../processes/lock.ts';
import { isRunning } from '../processes/process-tree.ts';
import { removeTree } from '../files/remove-tree.ts';
import { readState } from './state.ts';
import type { WorkspaceState } from './state.ts';

/** What a sweep may take. */
export interface SweepRequest {
  /** Workspaces and layers whose last use is longer ago. */
  olderThanMs: number;
  /** Ids of workspaces that stay however old they are. */
  keep: readonly string[];
}

/** What a sweep removed: ids of workspaces, and how many layers. */
export interface Sweep {
  workspaces: string[];
  bases: number;
  setups: number;
}

/**
 * Checks and setups hold no lock on the layers below them, but no single one runs for a day: a layer is marked as used
 * whenever anything is opened over it.
 */
const LAYER_IDLE_MS = 24 * 3_600_000;
const GONE = '.gone-';

/** Removes workspaces; `unlessHeld` runs a removal unless this process has the workspace open. */
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
        // It may have been used between the look and the lock.
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

/** Removes the layers that no workspace under `stateDir` stands on, and what dead processes left half made. */
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
    // A layer that is being made, or being removed, by the process that its name ends with.
    const [, maker] = /-[0-9a-f]{8}-(\d+)$/.exec(name) ?? [];
    if (maker !== undefined) {
      if (!isRunning(Number(maker))) await removeTree(folder);
      continue;
    }
    const idle = await idleMs(folder);
    if (idle <= minIdleMs || isNeeded(name)) continue;
    const gone = join(parent, `${GONE}${name}-00000000-${process.pid}`);
    await rename(folder, gone);
    // Whoever marked it as used just before found it whole, so it must be there again.
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

/** How long ago a folder, or rather this file in it where it is there, was changed. */
async function idleMs(folder: string, file?: string): Promise<number> {
  const there = file === undefined ? undefined : await stat(join(folder, file)).catch(() => undefined);
  const { mtimeMs } = there ?? (await stat(folder));
  return Date.now() - mtimeMs;
}
