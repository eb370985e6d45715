/**
 * Workspaces as overlays in the sandbox: shared read-only layers below, an upper folder of changes on top.
 * Rule: the host never runs git, nor anything else, on files that a command wrote; it only walks and reads them.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxRoot } from './bwrap-arguments.ts';
import { commitWalk } from './commit-walk.ts';
import { baseFolders, openBaseLayers, openSetupLayers } from './layers.ts';
import type { MakeSetupLayer } from './layers.ts';
import { findChangedTracked, hydrate, readOnlyLayers, walkLayers, writableLayers } from './overlay.ts';
import type { OverlayFolders } from './overlay.ts';
import { removeTree } from './remove-tree.ts';
import { prepareRenameLibrary } from './rename-library.ts';
import type { RenameSupport } from './rename-library.ts';
import { runInSandbox } from './run-command.ts';
import { runSetup } from './run-setup.ts';
import { setupError } from './setup-error.ts';
import type { Place, WorkspaceKind } from './workspace-kind.ts';

/** The kind of workspaces that bubblewrap isolates, where it can mount overlays. */
export function overlayWorkspaces(root: Promise<SandboxRoot>, stateDir: string): WorkspaceKind {
  const bases = openBaseLayers(stateDir);
  const renames = prepareRenameLibrary(stateDir);
  renames.catch(() => undefined);
  const setups = openSetupLayers(stateDir, bases, { kind: 'bwrap-1', make: makeSetupLayer(root, renames) });
  return {
    kind: 'bwrap',
    prepareSetup: async ({ store, base, setup }) => await setups.setup(store, base, setup),
    prepare: async ({ store, base, setup }) => {
      const folder = await bases.base(store, base);
      if (!setup) return { base: folder, key: '' };
      const outcome = await setups.setup(store, base, setup);
      if (outcome.kind !== 'ready' || outcome.folder === null) throw setupError(setup.command, outcome);
      return { base: folder, setup: outcome.folder, key: outcome.folder };
    },
    fill: async ({ store, base }, place, commit) => {
      const { folders, work } = foldersOf(place);
      for (const path of [folders.upper, work]) await mkdir(path, { recursive: true });
      if (commit !== base) await hydrate(await root, store, { folders, work, base, commit });
    },
    run: async (place, request, lockFd) => {
      const { folders, work } = foldersOf(place);
      const layers = request.profile === 'read-only' ? readOnlyLayers(folders) : writableLayers(folders, work);
      const { binds, env } = await renames;
      return await runInSandbox(await root, {
        layers,
        request: { ...request, env: { ...env, ...request.env } },
        binds,
        ...(lockFd === undefined ? {} : { lockFd }),
      });
    },
    checkpoint: async ({ store, base }, place, request) => {
      const walking = walkLayers(await root, foldersOf(place).folders);
      return await commitWalk(store, walking, { base, ...request });
    },
  };
}

function foldersOf({ folder, base, setup }: Place): { folders: OverlayFolders; work: string } {
  const folders = { ...baseFolders(base), upper: join(folder, 'files'), ...(setup === undefined ? {} : { setup }) };
  return { folders, work: join(folder, 'work') };
}

/** The layer is the upper folder that the setup wrote. */
function makeSetupLayer(root: Promise<SandboxRoot>, renames: Promise<RenameSupport>): MakeSetupLayer {
  return async ({ base, setup, scratch }) => {
    const { folders, work } = foldersOf({ folder: scratch, base });
    await mkdir(work);
    const { binds, env } = await renames;
    const request = { ...setup, env: { ...env, ...setup.env } };
    const ran = await runSetup(await root, writableLayers(folders, work), request, binds);
    const changed = findChangedTracked(folders.base, await walkLayers(await root, folders));
    await removeTree(work);
    return { ...ran, changed };
  };
}
