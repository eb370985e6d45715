/**
 * The part of a workspace that differs by kind: how its files are made, changed and committed as a checkpoint.
 * Rule: all kinds keep the same promises to their callers; only what a command can reach differs.
 */
import type { Sha } from '../../core/transcript.ts';
import type { FileLock } from '../../programs/child.ts';
import type { CheckpointFacts, CheckpointResult } from '../trees/checkpoint-facts.ts';
import type { CommandRequest, CommandResult } from '../command/request.ts';
import type { ArtefactRules } from '../files/find-artefact.ts';
import type { SetupOutcome } from '../layers/layers.ts';
import type { PreparedLayers, WorkspaceOrigin, LayersRequest } from '../layers/prepared.ts';
import type { SetupRequest } from '../layers/run-setup.ts';
import type { UpperWalk } from '../trees/walk-upper.ts';

/** One generation of a workspace's files in `folder`, over these layers. */
export interface Generation {
  folder: string;
  base: string;
  setup?: string;
}

export interface CheckpointRequest {
  parent: Sha;
  message: (facts: CheckpointFacts) => string;
  /** Which files are artefacts of tools; the default is the built-in list. */
  artefacts?: ArtefactRules;
}

export interface WorkspaceKind {
  kind: 'bwrap' | 'external' | 'none';
  prepareSetup(origin: WorkspaceOrigin & { setup: SetupRequest }): Promise<SetupOutcome>;
  /** Makes the layers for a workspace at `commit`. Throws if the setup fails over the base. */
  prepare(request: LayersRequest): Promise<PreparedLayers>;
  /** Fills a new, empty folder with the files of `commit`. */
  fill(origin: WorkspaceOrigin, place: Generation, commit: Sha): Promise<void>;
  run(place: Generation, request: CommandRequest, lock?: FileLock): Promise<CommandResult>;
  /** Lists the files that differ from the base. No process of the workspace may be alive. */
  walk(place: Generation): Promise<UpperWalk>;
  checkpoint(origin: WorkspaceOrigin, place: Generation, request: CheckpointRequest): Promise<CheckpointResult>;
}
