/**
 * The closed list of failures that activities report, and whether Temporal tries them again.
 * Rule: expected outcomes are values and not in this list. Each type says here whether it is retryable.
 */

export const FAILURES = {
  /** The start named no repository, no such base, an empty repository, or one outside the allowed roots. */
  BadRepository: { retryable: false },
  BadInput: { retryable: false },
  /** A layer of policy has a fault, or is looser than one above it. */
  BadPolicy: { retryable: false },
  /** The base branch moved between two reads; both are done again. */
  BaseMoved: { retryable: false },
  /** The setup command ended with a status other than 0. */
  SetupFailed: { retryable: false },
  /** The setup command changed files that git tracks. A person decides what to do. */
  SetupChangedTracked: { retryable: false },
  /** Isolation does not work on this host. */
  NoIsolation: { retryable: true },
  /** The hub, the repository's host or the disk is unavailable for a time. */
  GitUnreachable: { retryable: true },
  GitFailed: { retryable: true },
  /** The hub or this host's disk is not writable. A person repairs that, then resumes. */
  HubReadOnly: { retryable: false },
  /** Objects of a repository or of the hub are missing or broken. Waiting does not bring them back. */
  GitDamaged: { retryable: false },
  /** The worker was told to stop during the activity. Another host takes over at once. */
  Drained: { retryable: true },
  /** The refactor is closed, so its agent has no supervisor: the agent holds. */
  RefactorGone: { retryable: false },
  /** The chain's ref has moved: another attempt or another run owns it. */
  Superseded: { retryable: false },
  /** The input was not sealed by a worker with our key, or was sealed for another use. Nothing acts on it. */
  NotSealed: { retryable: false },
  /** The input was sealed in another run, which happens after a reset. The workflow sends it again. */
  SealedElsewhere: { retryable: false },
  /** This worker could not verify any permission for this. A person approves, or policy changes. */
  NoWarrant: { retryable: false },
  /** This worker reads a stricter policy than the run uses. A person adopts it (`adoptPolicy`). */
  PolicyStricter: { retryable: false },
  /** A policy file can't be read now, for example because it is half written. It is read again. */
  PolicyUnreadable: { retryable: true },
  /** The bytes to run are not the ones that were decided on. */
  DigestMismatch: { retryable: false },
  ModelUnavailable: { retryable: true },
  /** Key, quota, model name or content policy: a person must act. */
  ModelRefused: { retryable: false },
  ContextTooLong: { retryable: false },
  /** The server of pull requests is unavailable; or it refuses, and a person opens the pull request. */
  ForgeUnavailable: { retryable: true },
  ForgeRefused: { retryable: false },
} as const;

export type FailureType = keyof typeof FAILURES;

/** What can repair a failure: time, a worker on another host, only a person, or unknown. */
export type Mending = 'waiting' | 'another host' | 'a person' | 'unknown';

/**
 * Each kind of git failure: the failure type it is reported as, what can repair it, and what a person can do. This
 * table alone decides about retries: `waiting` is tried for hours, `another host` on the other hosts, `a person` not at
 * all, `unknown` for two minutes.
 */
export const GIT_FAILURES = {
  unreachable: { type: 'GitUnreachable', mends: 'waiting', remedy: '' },
  'disk-full': { type: 'GitFailed', mends: 'waiting', remedy: 'make room there' },
  /** A path that this host does not have, or an address that its worker may not reach. */
  'not-here': { type: 'BadRepository', mends: 'another host', remedy: '' },
  'no-access': {
    type: 'BadRepository',
    mends: 'another host',
    remedy: "give the worker's user a credential that may do this (a git credential helper, or an SSH key)",
  },
  ownership: { type: 'BadRepository', mends: 'another host', remedy: '' },
  'not-a-repository': { type: 'BadRepository', mends: 'a person', remedy: '' },
  'missing-base': { type: 'BadRepository', mends: 'a person', remedy: '' },
  'empty-repository': { type: 'BadRepository', mends: 'a person', remedy: '' },
  partial: {
    type: 'BadRepository',
    mends: 'a person',
    remedy:
      'it is a partial clone, and Coxswain fetches nothing into it: use the address that it was cloned from, or complete it with `git fetch --refetch --no-filter`',
  },
  'read-only': { type: 'HubReadOnly', mends: 'a person', remedy: "let the worker's user write there" },
  corrupt: {
    type: 'GitDamaged',
    mends: 'a person',
    remedy: 'see what `git fsck --full` says there, and bring back what is missing from another clone',
  },
  /** The content of an LFS file is not on this host, or its worker may not read it. Another host may have it. */
  'no-content-here': { type: 'GitDamaged', mends: 'another host', remedy: '' },
  /** The content of an LFS file is missing, or is not the expected one. */
  'no-content': { type: 'GitDamaged', mends: 'a person', remedy: '' },
  failed: { type: 'GitFailed', mends: 'unknown', remedy: '' },
} as const satisfies Record<string, { type: FailureType; mends: Mending; remedy: string }>;

export type GitFailureKind = keyof typeof GIT_FAILURES;

/** Whether a worker refused to do something because of what it read and verified itself. */
export function isUnwarranted(type: string | undefined): boolean {
  return (['NoWarrant', 'PolicyStricter'] satisfies FailureType[] as (string | undefined)[]).includes(type);
}
