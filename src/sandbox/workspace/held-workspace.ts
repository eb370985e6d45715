/**
 * A workspace while its caller has it: commands and checkpoints, one at a time, each leaving a record that a crash
 * can't falsify.
 * Rule: dirty is written before a command may change anything, clean only after a checkpoint holds every change.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import { treeOf } from '../../git/store.ts';
import type { CheckpointResult } from '../trees/checkpoint.ts';
import type { CommandRequest, CommandResult } from '../command/request.ts';
import type { WorkspaceOrigin, StaleSetup } from '../layers/prepared.ts';
import { removeTree } from '../files/remove-tree.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { HeldFolder } from './folders.ts';
import type { CheckpointRequest, Generation, WorkspaceKind } from './kind.ts';
import { bootId, readState, writeState } from './state.ts';
import type { WorkspaceState } from './state.ts';

/** A working copy that stands at a commit. */
export interface Workspace {
  id: string;
  /** Where setup did not run again for what changed since the base. */
  staleSetup: StaleSetup | null;
  /** Runs a command to the death of all its processes. */
  run(request: CommandRequest): Promise<CommandResult>;
  /** Stores the files as they stand as a child of `parent`; the workspace then stands at the new commit. */
  checkpoint(request: CheckpointRequest): Promise<CheckpointResult>;
  /** Lets another process have it; the files stay. */
  close(): Promise<void>;
}

/** A workspace with the means to take it from its caller. */
export interface HeldWorkspace extends Workspace, HeldFolder {
  /** Ends its command and refuses all later calls. */
  supersede(): Promise<void>;
}

const GENERATION = 'files-';

/** Makes the folder's files stand at the commit, by their record or anew, and hands them out. */
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
      if (!superseded.signal.aborted) return await job();
      throw new SandboxError('superseded', `workspace "${request.id}" was opened again by a later caller`, {
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
        return await kind.run(place, { ...command, signal }, lock.fd);
      }),
    checkpoint: async (wanted) =>
      await exclusively(async () => {
        const made = await kind.checkpoint(request, place, wanted);
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
 * The state of files that stand at the wanted commit: those that are there, when their record says so, else fresh
 * ones.
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

/** Removes earlier generations, and those of resets that a crash cut short. */
async function removeOthers(folder: string, generation: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(GENERATION) && name !== generation) await removeTree(join(folder, name));
  }
}
