/**
 * Workspaces as plain folders, each a copy of the shared layers: for hosts without overlays or without isolation.
 * Rule: no git runs on files that a command wrote; the walk compares them with the base, as it does an upper folder.
 */
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import { writeDifference } from '../../git/write/write-difference.ts';
import { commitWalk } from '../trees/commit-walk.ts';
import { loadMarks, readMarks, saveMarks } from '../files/file-marks.ts';
import { findArtefacts } from '../files/find-artefact.ts';
import type { FindArtefact } from '../files/find-artefact.ts';
import { baseFolders, openBaseLayers, openSetupLayers } from '../layers/layers.ts';
import type { Difference, MakeSetupLayer } from '../layers/layers.ts';
import type { Layers, SandboxRoot } from '../bubblewrap/layout.ts';
import { findChangedTracked, findDeleted } from '../trees/overlay.ts';
import type { Beyond } from '../trees/overlay.ts';
import { applyDifference, copyLayers, removeBase, walkPlain } from '../trees/plain-files.ts';
import { excludeLeftovers } from '../layers/exclude-leftovers.ts';
import { prepareLayers } from '../layers/prepare-layers.ts';
import type { WorkspaceOrigin } from '../layers/prepared.ts';
import { removeTree } from '../files/remove-tree.ts';
import { runInSandbox } from '../command/run-command.ts';
import { runSetup } from '../layers/run-setup.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { UpperWalk } from '../trees/walk-upper.ts';
import type { Generation, WorkspaceKind } from './kind.ts';

/** Longer than a file system's clock tick: a file that a command touches later has another change time. */
const TICK_MS = 20;
const SETTLE_TIMEOUT_MS = 120_000;

/** The folders and files of a plain workspace. */
export function plainFolders({ folder, base }: Generation): {
  base: string;
  git: string;
  upper: string;
  marks: string;
} {
  return { ...baseFolders(base), upper: join(folder, 'files'), marks: join(folder, 'marks') };
}

/** Workspaces that bubblewrap isolates, on hosts where it can't mount overlays. */
export function plainWorkspaces(root: Promise<SandboxRoot>, stateDir: string): WorkspaceKind {
  const bases = openBaseLayers(stateDir);
  const setups = openSetupLayers(stateDir, bases, { kind: 'plain-3', make: makeSetupLayer(root) });
  return {
    ...plainFiles({ settle: async (place) => await settle(await root, place) }),
    kind: 'bwrap',
    prepareSetup: async (origin) => await setups.setup(origin, origin.setup),
    prepare: async (origin) => {
      const layers = await prepareLayers({ bases, setups }, origin);
      return { ...layers, key: `plain ${layers.key}` };
    },
    run: async (place, request, lock) => {
      const layers = request.profile === 'read-only' ? { lower: [plainFolders(place).upper] } : plainLayers(place);
      return await runInSandbox(await root, { layers, request, ...(lock ? { lock } : {}) });
    },
  };
}

/** Steps after copying: making the command user the owner, and running a setup that is not shared in place. */
interface Steps {
  settle?: (place: Generation) => Promise<void>;
  setUp?: (place: Generation, origin: WorkspaceOrigin, commit: Sha) => Promise<void>;
}

/** The functions that all kinds of plain workspaces share. */
export function plainFiles({ settle, setUp }: Steps): Pick<WorkspaceKind, 'fill' | 'walk' | 'checkpoint'> {
  return {
    fill: async (origin, place, commit) => {
      const { base, git, upper, marks: file } = plainFolders(place);
      await mkdir(upper, { recursive: true });
      await copyLayers([base, git, ...(place.setup === undefined ? [] : [place.setup])], upper);
      const difference = { base: origin.base, commit, files: upper };
      const changed = new Set(commit === origin.base ? [] : await applyDifference(origin.store, difference));
      if (commit !== origin.base && place.setup !== undefined)
        await excludeLeftovers({ store: origin.store, tracked: commit }, place.setup, upper);
      await settle?.(place);
      const marks = readMarks(upper);
      await tick();
      await setUp?.(place, origin, commit);
      // Files that the setup added are not changes, just as those of a setup layer.
      if (setUp) for (const [path, mark] of readMarks(upper)) if (!marks.has(path)) marks.set(path, mark);
      for (const path of changed) marks.delete(path);
      await saveMarks(file, marks);
      await tick();
    },
    walk: async (place) => await walk(place),
    checkpoint: async ({ store, base }, place, request) =>
      await commitWalk(store, walk(place, findArtefacts(request.artefacts)), {
        base,
        layer: place.base,
        ...request,
      }),
  };
}

async function walk(place: Generation, findArtefact?: FindArtefact): Promise<UpperWalk> {
  const folders = plainFolders(place);
  return await walkPlain(folders, await loadMarks(folders.marks), findArtefact);
}

async function tick(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, TICK_MS));
}

function plainLayers({ folder }: Pick<Generation, 'folder'>): Layers {
  return { lower: [], upper: { files: join(folder, 'files'), work: join(folder, 'work') } };
}

/** Runs a command in the sandbox, so that the command user owns the files before their change times are recorded. */
async function settle(root: SandboxRoot, place: Pick<Generation, 'folder'>): Promise<void> {
  const layers = plainLayers(place);
  if (layers.upper) await mkdir(layers.upper.work, { recursive: true });
  // The copied folder may belong to the command user already, which would make `giveLayers` skip its files.
  const [uid, gid] = [process.geteuid?.(), process.getegid?.()];
  if (layers.upper && uid !== undefined && gid !== undefined) await chown(layers.upper.files, uid, gid);
  const request = { command: 'exit 0', profile: 'workspace', network: false, timeoutMs: SETTLE_TIMEOUT_MS } as const;
  const { exitCode, output } = await runInSandbox(root, { layers, request });
  if (exitCode !== 0) throw new SandboxError('isolation', `can't enter the workspace: ${output}`, { exitCode });
}

/** The setup layer is what the setup added to a copy of the base. */
function makeSetupLayer(root: Promise<SandboxRoot>): MakeSetupLayer {
  return async ({ base, setup, scratch, difference }) => {
    const place = { folder: scratch, base };
    const folders = plainFolders(place);
    await copyLayers([folders.base, folders.git], folders.upper);
    const at = { files: folders.upper, checkout: folders.base, scratch };
    const beyond = difference ? await layDifference(at, difference) : undefined;
    await settle(await root, place);
    const marks = readMarks(folders.upper);
    await tick();
    const ran = await runSetup(await root, plainLayers(place), setup);
    const changed = findChangedTracked(folders.base, await walkPlain(folders, marks), beyond);
    for (const folder of [folders.base, ...(beyond ? [beyond.files] : [])]) removeBase(folders.upper, folder);
    for (const name of ['work', 'difference']) await removeTree(join(scratch, name));
    return { ...ran, changed };
  };
}

/** Changes the files to those of a tree, and writes the ones that differ from the base into a separate folder too. */
async function layDifference(
  { files, checkout, scratch }: { files: string; checkout: string; scratch: string },
  { store, base, tree }: Difference,
): Promise<Beyond> {
  await applyDifference(store, { base, commit: tree, files });
  const into = join(scratch, 'difference');
  await mkdir(into);
  await writeDifference(store, { from: base, to: tree, into, markDeleted: async () => await Promise.resolve() });
  return { files: into, deleted: await findDeleted(store, { base, commit: tree, checkout }) };
}
