/**
 * The facts of a workspace's checkpoint: its commit, its tree, and counts of what was left out.
 * Rule: types only, shared by all kinds of workspaces.
 */
import type { Sha } from '../../core/transcript.ts';

/** The facts that are known before the commit is made; its message is written from them. */
export interface CheckpointFacts {
  /** Number of paths that differ from the base. */
  changed: number;
  /** Paths that exist in the workspace but not in the checkpoint, by reason. */
  leftOut: Record<string, number>;
  /** Notes for the agent about ignore files that were too large or too costly to follow. */
  notes: string[];
}

/** A checkpoint that was made. */
export interface CheckpointResult extends CheckpointFacts {
  commit: Sha;
  tree: Sha;
}
