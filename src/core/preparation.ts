/**
 * What `prepare` is asked and what it says: the input and outcome of the activity that comes before any work.
 * Rule: small facts only; what the checks printed is in the hub.
 */
import type { Evidence, IsolationMode, Setup } from './agent-state.ts';
import type { HostUse } from './egress.ts';
import type { LfsGrant } from './lfs.ts';
import type { Sha } from './transcript.ts';
import type { Warrant } from './warrant.ts';

export interface PrepareInput extends LfsGrant {
  repository: string;
  base: string | null;
  branch: string;
  /** The commit whose policy was read; another one is refused. */
  expected?: Sha;
  checks: string[];
  setup: Setup | null;
  warrant?: Warrant;
}

/** What is known of the repository before any work: the base, and the checks on the untouched base. */
export interface Prepared {
  commit: Sha;
  tree: Sha;
  /** Branch that the base was taken from, where it was one. */
  baseBranch: string | null;
  /** The commit in the hub that has the base's branch and tags; left out where it was prepared before these were kept. */
  names?: Sha;
  evidence: Evidence[];
  isolation: IsolationMode;
  /** Sentences for people: a dirty working copy, for example. */
  notes: string[];
  /** What setup asked of the network, where it was granted hosts by name. */
  hosts?: HostUse[];
}
