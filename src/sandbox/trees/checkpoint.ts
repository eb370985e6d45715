/**
 * What a checkpoint of a workspace is: its tree, and what was left out of it.
 * Rule: shapes only, for each layout of workspaces.
 */
import type { Sha } from '../../core/transcript.ts';

/** What is known of a checkpoint before its commit is made: for its message. */
export interface CheckpointFacts {
  /** Paths that differ from the base; without isolation from the parent. */
  changed: number;
  /** Paths that exist in the workspace but not in the checkpoint, by reason. */
  leftOut: Record<string, number>;
  /** What the agent is to be told of ignore rules that were too much to follow. */
  notes: string[];
}

/** A checkpoint as made. */
export interface CheckpointResult extends CheckpointFacts {
  commit: Sha;
  tree: Sha;
}
