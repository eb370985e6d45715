/**
 * What policy is read from, and what was read: the input and outcome of the activity `readPolicy`.
 * Rule: small facts only; the texts of the layers never enter a history.
 */
import type { EffectivePolicy, Policy } from './policy.ts';
import type { Sha } from '../transcript.ts';

export interface PolicyInput {
  repository: string;
  base: string | null;
  team: string | null;
  /** The run's own layer. */
  run: Policy | null;
  /** As in a warrant. */
  startDigest?: string;
  /** The base is that of a run under way, which was judged when the run began. */
  begun?: true;
}

/** The policy in force, with the base commit whose repository layer is in it. */
export interface PolicyRead {
  commit: Sha;
  policy: EffectivePolicy;
  /** Digest of what the files of organisation and team say; null on a worker that has none. */
  organisation?: string | null;
}
