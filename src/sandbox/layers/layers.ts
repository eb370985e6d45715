/**
 * The read-only layers that workspaces on this host share: base checkouts, and setup layers over them.
 * Rule: a layer is made from git objects or inside the sandbox, and never written afterwards. Its key contains
 * everything that it is made from, so that one agent's work never gets into the layers of another.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostUse } from '../../core/egress.ts';
import type { Sha } from '../../core/transcript.ts';
import { assumeUnchanged, checkoutTree } from '../../git/write/checkout-tree.ts';
import { makeScratchRepository } from '../../git/write/scratch-repository.ts';
import type { Store } from '../../git/store.ts';
import type { CommandResult } from '../command/request.ts';
import { excludeLeftovers } from './exclude-leftovers.ts';
import type { BaseContent } from '../files/lfs-layer.ts';
import { layContent } from '../files/lfs-layer.ts';
import { removeTree } from '../files/remove-tree.ts';
import type { SetupRequest } from './run-setup.ts';
import { digestOf, makeWhole, markUsed, placeBeside, shareByKey } from '../files/shared-folders.ts';

/** The result of a setup. `folder` is null if each workspace runs the setup itself (no isolation). */
export type SetupOutcome =
  | (Uses & { kind: 'ready'; folder: string | null; durationMs: number; output: string })
  | (Uses & { kind: 'failed'; exitCode: number | null; output: string })
  | (Uses & { kind: 'changed-tracked'; paths: string[] });

/** The hosts that a setup contacted or asked for, if policy granted it network. */
interface Uses {
  hosts?: HostUse[];
}

/** After this time a failed setup over an agent's work runs again: a registry that was down may be up by then. */
const RETRY_MS = 10 * 60_000;

/** A base commit. `names` is a commit of the hub whose message lists the base's branch and tags. */
export interface NamedBase {
  store: Store;
  base: Sha;
  names?: Sha | undefined;
  /** Content of LFS files for the checkout; without it the checkout has their pointers. */
  content?: BaseContent | undefined;
}

/** The base layers under one state folder. */
export interface BaseLayers {
  /** The folder of a base commit's read-only layers; `baseFolders` gives its parts. */
  base(base: NamedBase): Promise<string>;
}

/** The setup layers under one state folder. */
export interface SetupLayers {
  /**
   * Makes the layer that `setup` leaves over a base's checkout. A failed run leaves no layer, and the next call runs it
   * again. With `tree` the setup runs over that tree instead, and again only `RETRY_MS` after a failure.
   */
  setup(base: NamedBase, setup: SetupRequest, tree?: Sha): Promise<SetupOutcome>;
}

/** The inputs of a setup layer. `base` is the base layer's folder, `difference` a tree that differs from the base. */
export interface SetupLayerRequest {
  base: string;
  setup: SetupRequest;
  scratch: string;
  difference?: Difference;
}

export interface Difference {
  store: Store;
  base: Sha;
  tree: Sha;
}

/** Runs a setup in the new folder `scratch`. Afterwards its layer is in `scratch/files`. */
export type MakeSetupLayer = (request: SetupLayerRequest) => Promise<{
  result: CommandResult;
  hosts?: HostUse[];
  /** Tracked files that the setup changed. If there are any, no layer is made. */
  changed: string[];
}>;

/** The two parts of a base layer: its checkout, and a folder with only the agents' scratch repository (`.git`). */
export function baseFolders(base: string): { base: string; git: string } {
  return { base: join(base, 'files'), git: join(base, 'git') };
}

/** Opens the base layers under `stateDir`. */
export function openBaseLayers(stateDir: string): BaseLayers {
  const share = shareByKey<string>();
  return {
    base: async (named) => {
      const { store, base, names, content } = named;
      const made = names === undefined ? '2' : `3 ${names}`;
      const laid = content === undefined ? '' : ` ${content.key}`;
      const key = digestOf(`${made}${laid} ${store.dir}`).slice(0, 10);
      const folder = join(stateDir, 'bases', `${key}-${base}`);
      const make = async (): Promise<string> => {
        await makeWhole(folder, async (fresh) => await makeBase(named, fresh));
        return folder;
      };
      return await share(folder, make, content?.signal);
    },
  };
}

async function makeBase({ store, base: commit, names, content }: NamedBase, fresh: string): Promise<void> {
  const files = await content?.fetch();
  const { base, git } = baseFolders(fresh);
  const repository = join(git, '.git');
  await makeScratchRepository(store, { commit, names, into: repository });
  const index = join(repository, 'index');
  await checkoutTree(store, { commit, into: base, index });
  if (!files) return;
  await layContent(fresh, base, files);
  // Git in a workspace must not report the content as a change of the pointers.
  await assumeUnchanged(store, { index, tree: base, paths: files.map(({ path }) => path) });
}

/** Opens the setup layers under `stateDir`. `kind` names the way in which `make` makes them, and is part of the key. */
export function openSetupLayers(
  stateDir: string,
  bases: BaseLayers,
  { kind, make }: { kind: string; make: MakeSetupLayer },
): SetupLayers {
  const share = shareByKey<SetupOutcome>();
  const failed = new Map<string, { outcome: SetupOutcome; at: number }>();
  return {
    setup: async (named, setup, tree) => {
      const { store, base: commit, names, content } = named;
      const { command, network, env = {} } = setup;
      // The setup sees the scratch repository, so the commit and the store are part of the key.
      const own = [kind, store.dir, commit, command, network, env, ...(tree === undefined ? [] : [tree])];
      const laid = content === undefined ? [] : [{ content: content.key }];
      const parts = [...own, ...(names === undefined ? [] : [{ names }]), ...laid];
      const folder = join(stateDir, 'setups', digestOf(JSON.stringify(parts)));
      const makeOnce = async (): Promise<SetupOutcome> => {
        const known = await readReady(folder);
        if (known) return known;
        const before = tree !== undefined ? failed.get(folder) : undefined;
        if (before && performance.now() - before.at < RETRY_MS) return before.outcome;
        const difference = tree === undefined ? undefined : { store, base: commit, tree };
        const base = await bases.base(named);
        const request = { base, setup, ...(difference ? { difference } : {}) };
        const outcome = await makeSetup(make, folder, request, { store, tracked: tree ?? commit });
        if (outcome.kind !== 'ready') failed.set(folder, { outcome, at: performance.now() });
        return outcome;
      };
      return await share(folder, makeOnce, setup.signal ?? content?.signal);
    },
  };
}

async function makeSetup(
  make: MakeSetupLayer,
  folder: string,
  request: Omit<SetupLayerRequest, 'scratch'>,
  over: { store: Store; tracked: Sha },
): Promise<SetupOutcome> {
  const scratch = placeBeside(folder);
  try {
    await mkdir(join(scratch, 'files'), { recursive: true });
    const { result, changed, ...uses } = await make({ ...request, scratch });
    const { exitCode, output, durationMs } = result;
    if (result.outcome === 'cancelled') throw request.setup.signal?.reason ?? new Error('the setup was cancelled');
    if (result.outcome !== 'exited' || exitCode !== 0) return { kind: 'failed', exitCode, output, ...uses };
    if (changed.length > 0) return { kind: 'changed-tracked', paths: changed, ...uses };
    // The setup's git hooks and settings are meant for a person's clone and would disturb agents, and its index is the
    // base's.
    await removeTree(join(scratch, 'files', '.git'));
    await excludeLeftovers(over, join(scratch, 'files'));
    await writeFile(join(scratch, 'ready.json'), JSON.stringify({ durationMs, output, ...uses }));
    // Another process on this host may have been faster; its layer is as good.
    await rename(scratch, folder).catch(() => undefined);
    const ready = await readReady(folder);
    if (!ready) throw new Error(`the setup layer can't be moved to ${folder}`);
    return ready;
  } finally {
    await removeTree(scratch);
  }
}

async function readReady(folder: string): Promise<SetupOutcome | undefined> {
  if (!(await markUsed(folder))) return undefined;
  const text = await readFile(join(folder, 'ready.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const known = JSON.parse(text) as Uses & { durationMs: number; output: string };
  return { kind: 'ready', folder: join(folder, 'files'), ...known };
}
