/**
 * The part of a workspace that differs by isolation: how its files are made, changed and taken into a checkpoint.
 * Rule: the two kinds keep the same promises to their callers; only what a command can reach differs.
 */
import type { Sha } from '../../core/transcript.ts';
import type { CheckpointFacts, CheckpointResult } from '../trees/checkpoint.ts';
import type { CommandRequest, CommandResult } from '../command/request.ts';
import type { ArtefactRules } from '../files/find-artefact.ts';
import type { SetupOutcome } from '../layers/layers.ts';
import type { PreparedLayers, WorkspaceOrigin, LayersRequest } from '../layers/prepared.ts';
import type { SetupRequest } from '../layers/run-setup.ts';
import type { UpperWalk } from '../trees/walk-upper.ts';

/** One generation of files in `folder`, which stands on these layers. */
export interface Generation {
  folder: string;
  base: string;
  setup?: string;
}

/** What a checkpoint is made as. */
export interface CheckpointRequest {
  parent: Sha;
  message: (facts: CheckpointFacts) => string;
  /** What of the files tools left; without it what they are known to leave. */
  artefacts?: ArtefactRules;
}

export interface WorkspaceKind {
  kind: 'bwrap' | 'external' | 'none';
  prepareSetup(origin: WorkspaceOrigin & { setup: SetupRequest }): Promise<SetupOutcome>;
  /** The layers below, for a workspace that is to stand at `commit`; fails when setup does. */
  prepare(request: LayersRequest): Promise<PreparedLayers>;
  /** Fills a new, empty folder so that it stands at `commit`. */
  fill(origin: WorkspaceOrigin, place: Generation, commit: Sha): Promise<void>;
  run(place: Generation, request: CommandRequest, lockFd?: number): Promise<CommandResult>;
  /** What of the files differs from the base. No process of the workspace may be alive. */
  walk(place: Generation): Promise<UpperWalk>;
  checkpoint(origin: WorkspaceOrigin, place: Generation, request: CheckpointRequest): Promise<CheckpointResult>;
}
