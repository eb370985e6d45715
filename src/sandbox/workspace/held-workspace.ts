/**
 * A workspace while its caller has it open: commands and checkpoints run one at a time, with a record on disk that
 * stays right after a crash.
 * Rule: the record says dirty before a command may change anything, and clean only after a checkpoint has every change.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import type { FileLock } from '../../programs/child.ts';
import type { CheckpointResult } from '../trees/checkpoint-facts.ts';
import type { CommandRequest, CommandResult } from '../command/request.ts';
import type { WorkspaceOrigin, StaleSetup } from '../layers/prepared.ts';
import { removeTree } from '../files/remove-tree.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { HeldFolder } from './folders.ts';
import type { CheckpointRequest, Generation, WorkspaceKind } from './kind.ts';
import { bootId, readState, writeState } from './state.ts';
import type { WorkspaceState } from './state.ts';

/** A working copy at a commit. */
export interface Workspace {
  id: string;
  /** Changed inputs of the setup for which it did not run again; null if there are none. */
  staleSetup: StaleSetup | null;
  /** Runs a command until all its processes are dead. */
  run(request: CommandRequest): Promise<CommandResult>;
  /** Commits the current files as a child of `parent`. The workspace is then at the new commit. */
  checkpoint(request: CheckpointRequest): Promise<CheckpointResult>;
  /** Releases the workspace for other processes; its files stay. */
  close(): Promise<void>;
}

/** A workspace that can be taken from its caller. */
export interface HeldWorkspace extends Workspace, HeldFolder {
  /** Ends the running command and refuses all later calls of the caller. */
  supersede(): Promise<void>;
}

const GENERATION = 'files-';

/** Refuses what was done while another process could take the folder: the holder of its lock ended. */
function mustBeHeld(id: string, lock: FileLock): void {
  if (lock.isHeld()) return;
  throw new SandboxError('busy', `the process that held the lock of workspace "${id}" has ended; try again`, { id });
}

/** Opens a workspace at the commit in a held folder, with the files that are there or with fresh ones. */
export async function holdWorkspace(
  kind: WorkspaceKind,
  request: WorkspaceOrigin & { id: string; commit: Sha },
  { folder, lock }: HeldFolder,
  close: () => Promise<void>,
): Promise<HeldWorkspace> {
  const layers = await kind.prepare({ ...request, sees: 'inputs' });
  let state = await standAt(kind, request, folder, layers);
  const place: Generation = { folder: join(folder, state.generation), base: layers.base };
  if (layers.setup !== undefined) place.setup = layers.setup;
  const record = async (changes: Partial<WorkspaceState>): Promise<void> => {
    state = { ...state, ...changes };
    await writeState(folder, state);
  };
  const superseded = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  const exclusively = async <T>(job: () => Promise<T>): Promise<T> => {
    const done = running.then(async () => {
      mustBeHeld(request.id, lock);
      if (!superseded.signal.aborted) return await job();
      throw new SandboxError('superseded', `a later caller has opened workspace "${request.id}" again`, {
        id: request.id,
      });
    });
    running = done.catch(() => undefined);
    return await done;
  };
  return {
    id: request.id,
    staleSetup: layers.staleSetup ?? null,
    folder,
    lock,
    run: async (command) =>
      await exclusively(async () => {
        if (command.profile !== 'read-only' && !state.dirty) await record({ dirty: true });
        const signal = command.signal ? AbortSignal.any([command.signal, superseded.signal]) : superseded.signal;
        const result = await kind.run(place, { ...command, signal }, lock);
        mustBeHeld(request.id, lock);
        return result;
      }),
    checkpoint: async (wanted) =>
      await exclusively(async () => {
        const made = await kind.checkpoint(request, place, wanted);
        mustBeHeld(request.id, lock);
        await record({ commit: made.commit, tree: made.tree, dirty: false });
        return made;
      }),
    close,
    supersede: async () => {
      superseded.abort();
      await running;
    },
  };
}

/**
 * The state of the folder's files at the wanted commit. Files that are there are used only if their record says that
 * they are at that commit and clean; otherwise fresh ones are made.
 */
async function standAt(
  kind: WorkspaceKind,
  request: WorkspaceOrigin & { id: string; commit: Sha },
  folder: string,
  layers: { base: string; setup?: string; key: string },
): Promise<WorkspaceState> {
  const { store, base, commit, id } = request;
  const tree = await treeOf(store, commit);
  const boot = bootId();
  const fixed = { isolation: kind.kind, base, tree, setup: layers.key, dirty: false, boot };
  const before = await readState(folder);
  if (before && Object.entries(fixed).every(([name, value]) => before[name as keyof typeof fixed] === value)) {
    return { ...before, commit };
  }
  const generation = `${GENERATION}${randomBytes(6).toString('hex')}`;
  const place: Generation = { folder: join(folder, generation), base: layers.base };
  if (layers.setup !== undefined) place.setup = layers.setup;
  await mkdir(place.folder);
  await kind.fill(request, place, commit);
  const state: WorkspaceState = { v: 1, id, commit, generation, ...fixed };
  await writeState(folder, state);
  await removeOthers(folder, generation);
  return state;
}

/** Removes all other generations: earlier ones, and those that a crash left half made. */
async function removeOthers(folder: string, generation: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(GENERATION) && name !== generation) await removeTree(join(folder, name));
  }
}
