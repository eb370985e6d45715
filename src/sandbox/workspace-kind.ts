/**
 * The part of a workspace that differs by isolation: how its files are made, changed and taken into a checkpoint.
 * Rule: the two kinds keep the same promises to their callers; only what a command can reach differs.
 */
import type { Sha } from '../core/transcript.ts';
import type { ArtefactRules } from './find-artefact.ts';
import type { NamedBase, SetupOutcome } from './layers.ts';
import type { CommandRequest, CommandResult } from './run-command.ts';
import type { Setup } from './run-setup.ts';
import type { SandboxError } from './sandbox-error.ts';
import type { UpperWalk } from './walk-upper.ts';

/** What a workspace is made from: the refactor's base is the read-only layer that all its workspaces share. */
export interface Origin extends NamedBase {
  setup?: Setup;
}

/** One generation of files in `folder`, which stands on these layers. */
export interface Place {
  folder: string;
  base: string;
  setup?: string;
}

/** What is known of a checkpoint before its commit is made: for its message. */
export interface CheckpointFacts {
  /** Paths that differ from the base; without isolation from the parent. */
  changed: number;
  /** Paths that exist in the workspace but not in the checkpoint, by reason. */
  leftOut: Record<string, number>;
  /** What the agent is to be told of ignore rules that were too much to follow. */
  notes: string[];
}

/** What a checkpoint is made as. */
export interface CheckpointRequest {
  parent: Sha;
  message: (facts: CheckpointFacts) => string;
  /** What of the files tools left; without it what they are known to leave. */
  artefacts?: ArtefactRules;
}

/** A checkpoint as made. */
export interface Checkpoint extends CheckpointFacts {
  commit: Sha;
  tree: Sha;
}

/** Files that setup depends on and that changed since the base, though setup did not run again for them, and why. */
export interface StaleSetup {
  paths: string[];
  reason: string;
}

/** The layers below a workspace; `key` tells them apart. */
export interface PreparedLayers {
  base: string;
  setup?: string;
  key: string;
  staleSetup?: StaleSetup;
  /** Why the setup fails over the very commit, where that was wanted: then nothing stands on it. */
  failedSetup?: SandboxError;
}

/** What the layers below a workspace are wanted for. */
export interface LayersRequest extends Origin {
  commit: Sha;
  /**
   * `inputs`: an agent's work, whose setup sees the base and what setup depends on. `tree`: evidence, whose setup sees
   * exactly the judged files.
   */
  sees: 'inputs' | 'tree';
}

export interface WorkspaceKind {
  kind: 'bwrap' | 'external' | 'none';
  prepareSetup(origin: Origin & { setup: Setup }): Promise<SetupOutcome>;
  /** The layers below, for a workspace that is to stand at `commit`; fails when setup does. */
  prepare(request: LayersRequest): Promise<PreparedLayers>;
  /** Fills a new, empty folder so that it stands at `commit`. */
  fill(origin: Origin, place: Place, commit: Sha): Promise<void>;
  run(place: Place, request: CommandRequest, lockFd?: number): Promise<CommandResult>;
  /** What of the files differs from the base. No process of the workspace may be alive. */
  walk(place: Place): Promise<UpperWalk>;
  checkpoint(origin: Origin, place: Place, request: CheckpointRequest): Promise<Checkpoint>;
}
