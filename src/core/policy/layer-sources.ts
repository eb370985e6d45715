/**
 * The input and result of the activity `readPolicy`.
 * Rule: small facts only. The texts of the layers never enter a history.
 */
import type { EffectivePolicy, Policy } from './policy.ts';
import type { Sha } from '../transcript.ts';

export interface PolicyInput {
  repository: string;
  base: string | null;
  team: string | null;
  /** The run's own layer. */
  run: Policy | null;
  /** As in a Warrant. */
  startDigest?: string;
  /** The base belongs to a run that is under way, and was checked when that run began. */
  begun?: true;
}

/** The policy in force, and the base commit that its repository layer was read from. */
export interface PolicyRead {
  commit: Sha;
  policy: EffectivePolicy;
  /** Digest of the files of organisation and team. Null on a worker without such files. */
  organisation?: string | null;
}
