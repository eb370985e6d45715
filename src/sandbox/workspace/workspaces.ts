/**
 * Workspaces: disposable working copies on this host, each at one commit and open for one caller at a time.
 * Rule: a workspace's files are used again only if its record says that they are clean; otherwise fresh ones are made.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import { directWorkspaces } from './direct-kind.ts';
import { holdWorkspace } from './held-workspace.ts';
import type { HeldWorkspace, Workspace } from './held-workspace.ts';
import type { Isolation } from '../isolation/isolation.ts';
import type { SetupOutcome } from '../layers/layers.ts';
import { overlayWorkspaces } from './overlay-kind.ts';
import { plainWorkspaces } from './plain-kind.ts';
import type { WorkspaceOrigin } from '../layers/prepared.ts';
import { removeTree } from '../files/remove-tree.ts';
import type { CheckResult, ChecksRequest } from './run-checks.ts';
import { runChecks, sweepChecks } from './run-checks.ts';
import type { SetupRequest } from '../layers/run-setup.ts';
import { prepareRenameLibrary } from '../bubblewrap/rename-library.ts';
import { prepareSandboxRoot } from '../bubblewrap/sandbox-root.ts';
import { sweepLayers, sweepWorkspaces } from './sweep.ts';
import type { Sweep, SweepRequest } from './sweep.ts';
import { prepareToolbox } from '../bubblewrap/toolbox.ts';
import type { WorkspaceKind } from './kind.ts';
import { acquireFolder, listFolders } from './folders.ts';

export type { Workspace } from './held-workspace.ts';
export type { SetupOutcome } from '../layers/layers.ts';
export type { CheckResult } from './run-checks.ts';
export type { SetupRequest } from '../layers/run-setup.ts';

/**
 * A request to open a workspace at `commit`. `id` may be any string; `base` is the commit of the layer below.
 */
export interface WorkspaceRequest extends WorkspaceOrigin {
  id: string;
  commit: Sha;
}

/** All workspaces under one state folder. */
export interface Workspaces {
  /** `overlay`: changes over shared layers. `plain`: a whole copy for each workspace. */
  layout: 'overlay' | 'plain';
  /**
   * Opens a workspace at `commit`. A caller in this process that still has it open loses it, and its command is ended.
   */
  open(request: WorkspaceRequest): Promise<Workspace>;
  /** Runs the setup for all workspaces of this host, once unless it fails. */
  prepareSetup(request: WorkspaceOrigin & { setup: SetupRequest }): Promise<SetupOutcome>;
  /**
   * Runs checks one after another in a fresh workspace at `commit` and throws it away. Each check finds every tracked
   * file as the commit has it. Stops after a check that was cancelled.
   */
  runChecks(request: ChecksRequest): Promise<CheckResult[]>;
  /** Removes a workspace and its files. */
  remove(id: string): Promise<void>;
  /**
   * Removes workspaces that were not used for a while and that no process has open, and layers that no remaining
   * workspace uses. Layers stay for at least a day after their last use.
   */
  sweep(request: SweepRequest): Promise<Sweep>;
  /** The ids of all workspaces on this host. */
  list(): Promise<string[]>;
  /** Releases all workspaces of this process; their files stay. Afterwards nothing writes into the state folder. */
  close(): Promise<void>;
}

/** Opens the workspaces under `stateDir`. Only this user may enter it: commands can leave set-user-id files there. */
export function openWorkspaces({ stateDir, isolation }: { stateDir: string; isolation: Isolation }): Workspaces {
  for (const name of ['', 'bases', 'setups', 'workspaces', 'checks']) {
    mkdirSync(join(stateDir, name), { recursive: true, mode: 0o700 });
  }
  const layout = isolation.kind === 'bwrap' && isolation.overlay !== false ? 'overlay' : 'plain';
  const { kind, isPrepared } = chooseKind(stateDir, isolation);
  return createWorkspaces(stateDir, kind, { layout, isPrepared });
}

/** The kind of workspaces, and a promise that is settled once the parts that they share are made or have failed. */
function chooseKind(stateDir: string, isolation: Isolation): { kind: WorkspaceKind; isPrepared: Promise<unknown> } {
  const toolbox = prepareToolbox(stateDir);
  // Code that needs a part awaits that part and gets its error.
  const preparedWith = (kind: WorkspaceKind, ...parts: Promise<unknown>[]): ReturnType<typeof chooseKind> => ({
    kind,
    isPrepared: Promise.allSettled([toolbox, ...parts]),
  });
  if (isolation.kind !== 'bwrap') return preparedWith(directWorkspaces(toolbox, stateDir, isolation));
  const { path: bubblewrap, toolchains = [] } = isolation;
  const root = prepareSandboxRoot({ stateDir, bubblewrap, toolbox, toolchains });
  if (isolation.overlay === false) return preparedWith(plainWorkspaces(root, stateDir), root);
  const renames = prepareRenameLibrary(stateDir);
  return preparedWith(overlayWorkspaces(root, renames, stateDir), root, renames);
}

function createWorkspaces(
  stateDir: string,
  kind: WorkspaceKind,
  { layout, isPrepared }: { layout: Workspaces['layout']; isPrepared: Promise<unknown> },
): Workspaces {
  const folder = join(stateDir, 'workspaces');
  const held = new Map<string, HeldWorkspace>();
  const inOrder = orderByKey();
  const release = async (id: string): Promise<void> => {
    const workspace = held.get(id);
    held.delete(id);
    await workspace?.supersede();
    await workspace?.lock.release();
  };
  const open = async (request: WorkspaceRequest): Promise<Workspace> => {
    const before = held.get(request.id);
    await before?.supersede();
    const place = before?.lock.isHeld() ? before : await acquireFolder(folder, request.id);
    try {
      const workspace = await holdWorkspace(kind, request, place, async () => await release(request.id));
      held.set(request.id, workspace);
      return workspace;
    } catch (error) {
      held.delete(request.id);
      await place.lock.release();
      throw error;
    }
  };
  return {
    layout,
    open: async (request) => await inOrder(request.id, async () => await open(request)),
    prepareSetup: async (request) => await kind.prepareSetup(request),
    runChecks: async (request) => await runChecks(join(stateDir, 'checks'), kind, request),
    remove: async (id) =>
      await inOrder(id, async () => {
        await release(id);
        for (const slot of await listFolders(folder)) if (slot.id === id) await removeTree(slot.folder);
      }),
    sweep: async (request) => {
      const unlessHeld = async (id: string, remove: () => Promise<void>): Promise<void> =>
        await inOrder(id, async () => {
          if (!held.has(id)) await remove();
        });
      const removed = await sweepWorkspaces(folder, request, unlessHeld);
      await sweepChecks(join(stateDir, 'checks'));
      return { workspaces: removed, ...(await sweepLayers(stateDir, request)) };
    },
    list: async () => [...new Set((await listFolders(folder)).map(({ id }) => id))],
    close: async () => {
      for (const id of held.keys()) await inOrder(id, async () => await release(id));
      await isPrepared;
    },
  };
}

/** Runs jobs of one key one after another. */
function orderByKey(): <T>(key: string, job: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (key, job) => {
    const done = (last.get(key) ?? Promise.resolve()).then(job, job);
    last.set(key, done);
    try {
      return await done;
    } finally {
      if (last.get(key) === done) last.delete(key);
    }
  };
}
