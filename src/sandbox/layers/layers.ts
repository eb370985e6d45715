/**
 * What every workspace on this host shares: base checkouts, and what `setup` commands left over them.
 * Rule: a layer is made from trusted objects or inside the sandbox, and only read once it is there; all that it is made
 * from is its key, so that nobody's work reaches what another's work stands on.
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

/** What became of a `setup`. `folder` is null where each workspace runs it itself (no isolation). */
export type SetupOutcome =
  | (Uses & { kind: 'ready'; folder: string | null; durationMs: number; output: string })
  | (Uses & { kind: 'failed'; exitCode: number | null; output: string })
  | (Uses & { kind: 'changed-tracked'; paths: string[] });

/** The hosts that a setup asked for, where policy granted it a list of them. */
interface Uses {
  hosts?: HostUse[];
}

/** An agent's half-finished change of a manifest fails each time; a registry that was down may be up by then. */
const RETRY_MS = 10 * 60_000;

/** A base commit, with the commit that has the names which it has in its repository. */
export interface NamedBase {
  store: Store;
  base: Sha;
  names?: Sha | undefined;
  /** What of LFS files its checkout has; left out where it has their pointers. */
  content?: BaseContent | undefined;
}

/** The base layers under one state folder. */
export interface BaseLayers {
  /** The folder of a base commit's read-only layers, as `baseFolders` names them. */
  base(base: NamedBase): Promise<string>;
}

/** The setup layers under one state folder. */
export interface SetupLayers {
  /**
   * The layer that `setup` leaves over a base's checkout; a failed run leaves nothing, and is tried again when asked
   * again. With a tree it runs over that instead, and a failure is only tried again after some minutes.
   */
  setup(base: NamedBase, setup: SetupRequest, tree?: Sha): Promise<SetupOutcome>;
}

/** What a setup layer is made of: `base` is the base's folder, `difference` what a tree has beyond it. */
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

/** Runs a setup in the new folder `scratch`, so that its layer is in `scratch/files`. */
export type MakeSetupLayer = (request: SetupLayerRequest) => Promise<{
  result: CommandResult;
  hosts?: HostUse[];
  /** Tracked files that the setup changed: then there is no layer. */
  changed: string[];
}>;

/** The two parts of a base: its checkout, and the agents' scratch repository, a `.git` beside no files. */
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
  // To git in a workspace the content is as the commit has it, as where LFS' own filter looks.
  await assumeUnchanged(store, { index, tree: base, paths: files.map(({ path }) => path) });
}

/** Opens the setup layers under `stateDir` that `make` makes; `kind` tells them from those made in other ways. */
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
      // The scratch repository that setup sees names the commit; the store is that of one repository.
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
    // Hooks and settings that it made for a person's clone would stand in an agent's way, and the index is the base's.
    await removeTree(join(scratch, 'files', '.git'));
    await excludeLeftovers(over, join(scratch, 'files'));
    await writeFile(join(scratch, 'ready.json'), JSON.stringify({ durationMs, output, ...uses }));
    // Another process of this host may have been faster: its layer is as good.
    await rename(scratch, folder).catch(() => undefined);
    const ready = await readReady(folder);
    if (!ready) throw new Error(`the layer of setup can't be put at ${folder}`);
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
