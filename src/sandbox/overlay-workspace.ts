/**
 * Workspaces as overlays in the sandbox: shared read-only layers below, an upper folder of changes on top.
 * Rule: the host never runs git, nor anything else, on files that a command wrote; it only walks and reads them.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { commitChanges } from '../git/commit-changes.ts';
import { treeOf } from '../git/store.ts';
import type { SandboxRoot } from './bwrap-arguments.ts';
import { baseFolders } from './layers.ts';
import type { SharedLayers } from './layers.ts';
import { hydrate, readOnlyLayers, walkLayers, writableLayers } from './overlay.ts';
import type { OverlayFolders } from './overlay.ts';
import { runInSandbox } from './run-command.ts';
import { SandboxError } from './sandbox-error.ts';
import type { Place, WorkspaceKind } from './workspace-kind.ts';

/** The kind of workspaces that bubblewrap isolates. */
export function overlayWorkspaces(root: Promise<SandboxRoot>, layers: SharedLayers): WorkspaceKind {
  return {
    kind: 'bwrap',
    prepareSetup: async ({ store, base, setup }) => await layers.setup(store, base, setup),
    prepare: async ({ store, base, setup }) => {
      const folder = await layers.base(store, base);
      if (!setup) return { base: folder, key: '' };
      const outcome = await layers.setup(store, base, setup);
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
      const layersOfCommand = request.profile === 'read-only' ? readOnlyLayers(folders) : writableLayers(folders, work);
      return await runInSandbox(await root, {
        layers: layersOfCommand,
        request,
        ...(lockFd === undefined ? {} : { lockFd }),
      });
    },
    checkpoint: async ({ store, base }, place, { parent, message }) => {
      const walking = walkLayers(await root, foldersOf(place).folders);
      const [{ changes, leftOut }, baseTree] = await Promise.all([walking, treeOf(store, base)]);
      const facts = { changed: new Set(changes.map(({ path }) => path.toString('latin1'))).size, leftOut };
      const made = await commitChanges(store, { parent, baseTree, changes, message: message(facts) });
      return { ...facts, commit: made.commit, tree: made.tree };
    },
  };
}

function foldersOf({ folder, base, setup }: Place): { folders: OverlayFolders; work: string } {
  const folders = { ...baseFolders(base), upper: join(folder, 'files'), ...(setup === undefined ? {} : { setup }) };
  return { folders, work: join(folder, 'work') };
}

/** Why a workspace that needs its setup can't be opened. */
export function setupError(
  command: string,
  outcome: { kind: string; exitCode?: number | null; output?: string; paths?: string[] },
): SandboxError {
  const why =
    outcome.kind === 'changed-tracked'
      ? `changed files that git tracks: ${outcome.paths?.slice(0, 10).join(', ')}`
      : `ended with exit status ${outcome.exitCode ?? 'none'}: ${outcome.output?.trim().slice(-500)}`;
  return new SandboxError('setup', `setup "${command}" ${why}`, { command, exitCode: outcome.exitCode ?? null });
}
