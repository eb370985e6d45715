/**
 * What every workspace on this host shares: base checkouts, and what `setup` commands left over them.
 * Rule: a layer is whole or absent (made beside, then renamed), and never written again once it is there.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostUse } from '../core/egress.ts';
import type { Sha } from '../core/transcript.ts';
import { checkoutTree } from '../git/checkout-tree.ts';
import { makeScratchRepository } from '../git/scratch-repository.ts';
import { treeOf } from '../git/store.ts';
import type { Store } from '../git/store.ts';
import type { SandboxRoot } from './bwrap-arguments.ts';
import { findChangedTracked, walkLayers, writableLayers } from './overlay.ts';
import { removeTree } from './remove-tree.ts';
import { runSetup } from './run-setup.ts';
import type { Setup } from './run-setup.ts';

/** What became of a `setup`. `folder` is null where each workspace runs it itself (no isolation). */
export type SetupOutcome =
  | (Uses & { kind: 'ready'; folder: string | null; durationMs: number; output: string })
  | (Uses & { kind: 'failed'; exitCode: number | null; output: string })
  | (Uses & { kind: 'changed-tracked'; paths: string[] });

/** The hosts that a setup asked for, where policy granted it a list of them. */
interface Uses {
  hosts?: HostUse[];
}

/** The shared layers under one state folder. */
export interface SharedLayers {
  /** The read-only layers of a base commit, as `baseFolders` names them. */
  base(store: Store, base: Sha): Promise<string>;
  /**
   * The layer that `setup` leaves over that checkout; a failed run leaves nothing, and is tried again when asked
   * again.
   */
  setup(store: Store, base: Sha, setup: Setup): Promise<SetupOutcome>;
}

/** The two parts of a base: its checkout, and the agents' scratch repository, a `.git` beside no files. */
export function baseFolders(base: string): { base: string; git: string } {
  return { base: join(base, 'files'), git: join(base, 'git') };
}

/** Opens the shared layers; callers that ask for the same one at the same time share its making. */
export function openSharedLayers(stateDir: string, root: Promise<SandboxRoot>): SharedLayers {
  const running = new Map<string, Promise<unknown>>();
  const share = async <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const known = running.get(key) as Promise<T> | undefined;
    if (known) return await known;
    const made = make().finally(() => running.delete(key));
    running.set(key, made);
    return await made;
  };
  const base: SharedLayers['base'] = async (store, commit) => {
    const folder = join(stateDir, 'bases', `${digest(`2 ${store.dir}`).slice(0, 10)}-${commit}`);
    return await share(folder, async () => await makeBase(store, commit, folder));
  };
  return {
    base,
    setup: async (store, commit, setup) => {
      const tree = await treeOf(store, commit);
      const { command, network, env = {} } = setup;
      const folder = join(
        stateDir,
        'setups',
        digest(JSON.stringify(['bwrap-1', tree, command, network, env])).slice(0, 32),
      );
      return await share(folder, async () => await makeSetup(await root, await base(store, commit), setup, folder));
    },
  };
}

async function makeBase(store: Store, commit: Sha, folder: string): Promise<string> {
  await makeWhole(folder, async (fresh) => {
    const { base, git } = baseFolders(fresh);
    const repository = join(git, '.git');
    await makeScratchRepository(store, { commit, into: repository });
    await checkoutTree(store, { commit, into: base, index: join(repository, 'index') });
  });
  return folder;
}

async function makeSetup(root: SandboxRoot, base: string, setup: Setup, folder: string): Promise<SetupOutcome> {
  const known = await readReady(folder);
  if (known) return known;
  const scratch = `${folder}-${process.pid}-${randomBytes(4).toString('hex')}`;
  const folders = { ...baseFolders(base), upper: join(scratch, 'files') };
  const work = join(scratch, 'work');
  try {
    for (const path of [folders.upper, work]) await mkdir(path, { recursive: true });
    const { result, ...uses } = await runSetup(root, writableLayers(folders, work), setup);
    const { exitCode, output, durationMs } = result;
    if (result.outcome !== 'exited' || exitCode !== 0) return { kind: 'failed', exitCode, output, ...uses };
    const paths = findChangedTracked(folders.base, await walkLayers(root, folders));
    if (paths.length > 0) return { kind: 'changed-tracked', paths, ...uses };
    await removeTree(work);
    // Hooks and settings that it made for a person's clone would stand in an agent's way, and the index is the base's.
    await removeTree(join(folders.upper, '.git'));
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
  const text = await readFile(join(folder, 'ready.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const known = JSON.parse(text) as Uses & { durationMs: number; output: string };
  return { kind: 'ready', folder: join(folder, 'files'), ...known };
}

/** Makes a folder beside its place and renames it there; where it is already, nothing is done. */
async function makeWhole(folder: string, fill: (into: string) => Promise<unknown>): Promise<void> {
  if (existsSync(folder)) return;
  const fresh = `${folder}-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(fresh, { recursive: true });
    await fill(fresh);
    await rename(fresh, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await removeTree(fresh);
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
