/**
 * The closed list of failures: a broken world, as activities report it, and whether trying again by itself can help.
 * Rule: expected outcomes are values and not in this list; every type here has its retryability beside it.
 */

export const FAILURES = {
  /** Not a repository, no such base, empty, outside the allowed roots: the start was wrong. */
  BadRepository: { retryable: false },
  BadInput: { retryable: false },
  /** A layer of policy has a fault, or is looser than one above it. */
  BadPolicy: { retryable: false },
  /** The base branch moved between two looks at it: both are taken again. */
  BaseMoved: { retryable: false },
  /** The setup command ended with another status than 0. */
  SetupFailed: { retryable: false },
  /** The setup command changed files that git tracks: a person decides what to do about it. */
  SetupChangedTracked: { retryable: false },
  /** Isolation does not work on this host. */
  NoIsolation: { retryable: true },
  /** The hub, the repository's host or the disk: these mend. */
  GitUnreachable: { retryable: true },
  GitFailed: { retryable: true },
  /** The hub or this host's disk can't be written: a person mends that, then resumes. */
  HubReadOnly: { retryable: false },
  /** Objects of a repository or of the hub are missing or broken: waiting brings none back. */
  GitDamaged: { retryable: false },
  /** The worker was told to end while this ran: another host takes over at once. */
  Drained: { retryable: true },
  /** The refactor that this was done for is closed, so nobody supervises it: its agent holds. */
  RefactorGone: { retryable: false },
  /** The chain's ref moved on: another attempt or another run is in charge. */
  Superseded: { retryable: false },
  /** What came was not sealed by a worker that has our key, or sealed for something else: nobody acts on it. */
  NotSealed: { retryable: false },
  /** What came was sealed in another run, as a reset leaves it: the workflow sends it anew. */
  SealedElsewhere: { retryable: false },
  /** Nothing that this worker could verify itself lets it do this: a person approves, or policy changes. */
  NoWarrant: { retryable: false },
  /** This worker reads a stricter policy than the run goes by: a person has it adopted. */
  PolicyStricter: { retryable: false },
  /** A policy file can't be read now, as one that is half written: it is read again. */
  PolicyUnreadable: { retryable: true },
  /** What is to run is not what was decided. */
  DigestMismatch: { retryable: false },
  ModelUnavailable: { retryable: true },
  /** Key, quota, model name, content policy: a person must act. */
  ModelRefused: { retryable: false },
  ContextTooLong: { retryable: false },
  /** The server of pull requests is away; or it will not, and a person opens it. */
  ForgeUnavailable: { retryable: true },
  ForgeRefused: { retryable: false },
} as const;

export type FailureType = keyof typeof FAILURES;

/** What can mend a failure: time, a worker on another host, a person alone; or nobody knows it. */
export type Mending = 'waiting' | 'another host' | 'a person' | 'unknown';

/**
 * Every kind of git's failures: as what it is reported, what can mend it, and what a person can do. Only these words
 * decide whether a failure of git is tried again: for hours, on the other hosts that there are, or not at all. One
 * that nobody knows is tried for two minutes.
 */
export const GIT_FAILURES = {
  unreachable: { type: 'GitUnreachable', mends: 'waiting', remedy: '' },
  'disk-full': { type: 'GitFailed', mends: 'waiting', remedy: 'make room there' },
  /** A path that this host has not, or an address that its worker may not reach. */
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
      'it is a partial clone, and nothing is fetched into it: name the address that it was cloned from, or complete it by `git fetch --refetch --no-filter`',
  },
  'read-only': { type: 'HubReadOnly', mends: 'a person', remedy: "let the worker's user write there" },
  corrupt: {
    type: 'GitDamaged',
    mends: 'a person',
    remedy: 'see what `git fsck --full` says there, and bring back what is missing from another clone',
  },
  /** The content of an LFS file is not on this host, or not given to its worker: another one's may have it. */
  'no-content-here': { type: 'GitDamaged', mends: 'another host', remedy: '' },
  /** The content of an LFS file is not where it should be, or is another one. */
  'no-content': { type: 'GitDamaged', mends: 'a person', remedy: '' },
  failed: { type: 'GitFailed', mends: 'unknown', remedy: '' },
} as const satisfies Record<string, { type: FailureType; mends: Mending; remedy: string }>;

export type GitFailureKind = keyof typeof GIT_FAILURES;

/** Whether a worker refused to do something because of what it read and verified by itself. */
export function isUnwarranted(type: string | undefined): boolean {
  return (['NoWarrant', 'PolicyStricter'] satisfies FailureType[] as (string | undefined)[]).includes(type);
}
