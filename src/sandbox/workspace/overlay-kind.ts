/**
 * Workspaces as overlays in the sandbox: shared read-only layers below, and an upper folder with the changes.
 * Rule: the host runs neither git nor any other program on files that a command wrote; it only walks and reads them.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { commitWalk } from '../trees/commit-walk.ts';
import { baseFolders, openBaseLayers, openSetupLayers } from '../layers/layers.ts';
import type { Difference, MakeSetupLayer } from '../layers/layers.ts';
import {
  findChangedTracked,
  findDeleted,
  hydrate,
  readOnlyLayers,
  walkLayers,
  writableLayers,
} from '../trees/overlay.ts';
import type { Beyond, OverlayFolders } from '../trees/overlay.ts';
import { excludeLeftovers } from '../layers/exclude-leftovers.ts';
import { prepareLayers } from '../layers/prepare-layers.ts';
import { removeTree } from '../files/remove-tree.ts';
import type { RenameSupport } from '../bubblewrap/rename-library.ts';
import { findArtefacts } from '../files/find-artefact.ts';
import type { SandboxRoot } from '../bubblewrap/layout.ts';
import { runInSandbox } from '../command/run-command.ts';
import { runSetup } from '../layers/run-setup.ts';
import type { Generation, WorkspaceKind } from './kind.ts';

/** Workspaces that bubblewrap isolates, on hosts where it can mount overlays. */
export function overlayWorkspaces(
  root: Promise<SandboxRoot>,
  renames: Promise<RenameSupport>,
  stateDir: string,
): WorkspaceKind {
  const bases = openBaseLayers(stateDir);
  const setups = openSetupLayers(stateDir, bases, { kind: 'bwrap-4', make: makeSetupLayer(root, renames) });
  return {
    kind: 'bwrap',
    prepareSetup: async (origin) => await setups.setup(origin, origin.setup),
    prepare: async (origin) => await prepareLayers({ bases, setups }, origin),
    fill: async ({ store, base }, place, commit) => {
      const { folders, work } = foldersOf(place);
      for (const path of [folders.upper, work]) await mkdir(path, { recursive: true });
      if (commit === base) return;
      await hydrate(await root, store, { folders, work, base, commit });
      if (place.setup !== undefined) await excludeLeftovers({ store, tracked: commit }, place.setup, folders.upper);
    },
    run: async (place, request, lock) => {
      const { folders, work } = foldersOf(place);
      const layers = request.profile === 'read-only' ? readOnlyLayers(folders) : writableLayers(folders, work);
      const { binds, env } = await renames;
      return await runInSandbox(await root, {
        layers,
        request: { ...request, env: { ...env, ...request.env } },
        binds,
        ...(lock ? { lock } : {}),
      });
    },
    walk: async (place) => await walkLayers(await root, foldersOf(place).folders),
    checkpoint: async ({ store, base }, place, request) => {
      const walking = walkLayers(await root, foldersOf(place).folders, findArtefacts(request.artefacts));
      return await commitWalk(store, walking, { base, layer: place.base, ...request });
    },
  };
}

function foldersOf({ folder, base, setup }: Generation): { folders: OverlayFolders; work: string } {
  const folders = { ...baseFolders(base), upper: join(folder, 'files'), ...(setup === undefined ? {} : { setup }) };
  return { folders, work: join(folder, 'work') };
}

/** The setup layer is the upper folder that the setup wrote, over the base or over the base and `difference`. */
function makeSetupLayer(root: Promise<SandboxRoot>, renames: Promise<RenameSupport>): MakeSetupLayer {
  return async ({ base, setup, scratch, difference }) => {
    const { folders, work } = foldersOf({ folder: scratch, base });
    const beyond = difference ? await layDifference(await root, folders, scratch, difference) : undefined;
    if (beyond) folders.setup = beyond.files;
    await mkdir(work);
    const { binds, env } = await renames;
    const request = { ...setup, env: { ...env, ...setup.env } };
    const ran = await runSetup(await root, writableLayers(folders, work), request, binds);
    const changed = findChangedTracked(folders.base, await walkLayers(await root, folders), beyond);
    for (const folder of [work, ...(beyond ? [beyond.files] : [])]) await removeTree(folder);
    return { ...ran, changed };
  };
}

/** Makes a layer with a tree's difference to its base. */
async function layDifference(
  root: SandboxRoot,
  folders: OverlayFolders,
  scratch: string,
  { store, base, tree }: Difference,
): Promise<Beyond> {
  const [files, work] = [join(scratch, 'difference'), join(scratch, 'difference-work')];
  for (const folder of [files, work]) await mkdir(folder);
  await hydrate(root, store, { folders: { ...folders, upper: files }, work, base, commit: tree });
  await removeTree(work);
  return { files, deleted: await findDeleted(store, { base, commit: tree, checkout: folders.base }) };
}
