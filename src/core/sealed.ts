/**
 * Values that only workers send each other. Each has a kind; the codec seals it on the way out and verifies it on the
 * way in.
 * Rule: a value counts as sealed only if the worker's own codec verified it. An unsealed value is treated as a person's
 * message.
 */

/** Fields of a payload's metadata. `as`, `verified` and `broken` never leave a worker. */
export const SEAL_FIELDS = {
  /** On the wire: id of the key, MAC and kind. */
  seal: 'cox-seal',
  /** From the converter to the codec: seal this payload as this kind. */
  as: 'cox-seal-as',
  /** From the codec to the converter: the seal is valid, and this is the kind. */
  verified: 'cox-sealed-as',
  /** From the codec to the converter: there is a seal, but it is invalid, and why. */
  broken: 'cox-seal-broken',
} as const;

/**
 * The first word of a seal: the kind of message. The further words bind the seal to one use, for example to an
 * activity's type and nonce.
 */
export type SealedKind =
  | 'activity'
  | 'result'
  | 'memory'
  | 'spec'
  | 'state'
  | 'agentReport'
  | 'forwarded'
  | 'trouble'
  | 'notice'
  | 'noticeReport'
  | 'account'
  | 'answer'
  | 'outcome';

/**
 * A symbol of the global registry: the workflow bundle and the worker each have a copy of this module, so a class would
 * not be shared.
 */
const KIND = Symbol.for('coxswain.sealed');

interface Sealed {
  [KIND]: { words: string } | { problem: string };
  value: unknown;
}

/** A received value: sealed by a worker with these words, with an invalid seal, or from anybody. */
export type Opened =
  | { kind: 'sealed'; words: string[]; value: unknown }
  | { kind: 'broken'; problem: string; value: unknown }
  | { kind: 'plain'; value: unknown };

/** Marks a value that the codec seals on its way out. The words bind the seal, and contain no blanks. */
export function sealed(words: readonly [SealedKind, ...string[]], value: unknown): unknown {
  return { [KIND]: { words: words.join(' ') }, value } satisfies Sealed;
}

/** Marks a value whose seal is valid. `words` is one text. */
export function verified(words: string, value: unknown): unknown {
  return { [KIND]: { words }, value } satisfies Sealed;
}

/** Marks a value whose seal is invalid. */
export function broken(problem: string, value: unknown): unknown {
  return { [KIND]: { problem }, value } satisfies Sealed;
}

/** Takes a value out of its mark, if it has one. */
export function openSeal(value: unknown): Opened {
  if (!isSealed(value)) return { kind: 'plain', value };
  const seal = value[KIND];
  if ('problem' in seal) return { kind: 'broken', problem: seal.problem, value: value.value };
  return { kind: 'sealed', words: seal.words.split(' '), value: value.value };
}

function isSealed(value: unknown): value is Sealed {
  return typeof value === 'object' && value !== null && KIND in value;
}

/** Why a value does not count as this kind, for people; undefined if it does. */
export function describeUnsealed(opened: Opened, kind: SealedKind): string | undefined {
  if (opened.kind === 'plain') return 'it is not sealed: no worker sent it';
  if (opened.kind === 'broken') return opened.problem;
  return opened.words[0] === kind ? undefined : `it is sealed as ${opened.words[0]}: somebody sent it again elsewhere`;
}

/** In place of a nonce, for runs from before seals: their activities return unsealed results. */
export const NO_NONCE = '-';

/** The end of a run's id. Temporal makes it at random, so nobody can choose it. */
export function runMark(runId: string): string {
  return runId.slice(-12);
}
