/**
 * Values that only workers say to each other: a value with the kind of message that it is, before and after the codec
 * seals it.
 * Rule: a value counts as sealed only where the worker's own codec said so; what is not sealed is a person's word.
 */

/** The fields of a payload's metadata: `AS` and what `VERIFIED` and `BROKEN` say never leave a worker. */
export const SEAL_FIELDS = {
  /** On the wire: id of the key, MAC and kind. */
  seal: 'cox-seal',
  /** From the converter to the codec: seal this, as this kind. */
  as: 'cox-seal-as',
  /** From the codec to the converter: the seal fits, and this is the kind. */
  verified: 'cox-sealed-as',
  /** From the codec to the converter: there is a seal that does not fit, and why. */
  broken: 'cox-seal-broken',
} as const;

/** What workers say: the first word of a kind. The others bind it to one use, e.g. to an activity's type and nonce. */
export type SealedKind =
  | 'activity'
  | 'result'
  | 'memory'
  | 'spec'
  | 'state'
  | 'agentReport'
  | 'forwarded'
  | 'trouble'
  | 'account'
  | 'answer'
  | 'outcome';

/** The workflow bundle and the worker have a copy of this module each, so this is no class. */
const KIND = Symbol.for('coxswain.sealed');

interface Sealed {
  [KIND]: { words: string } | { problem: string };
  value: unknown;
}

/** What came in: sealed by a worker as these words; with a seal that does not fit; or by anybody. */
export type Opened =
  | { kind: 'sealed'; words: string[]; value: unknown }
  | { kind: 'broken'; problem: string; value: unknown }
  | { kind: 'plain'; value: unknown };

/** Marks a value to be sealed on its way out; the words bind it and have no blanks. */
export function sealed(words: readonly [SealedKind, ...string[]], value: unknown): unknown {
  return { [KIND]: { words: words.join(' ') }, value } satisfies Sealed;
}

/** What the codec verified, by its words as one text. */
export function verified(words: string, value: unknown): unknown {
  return { [KIND]: { words }, value } satisfies Sealed;
}

/** Marks a value whose seal does not fit. */
export function broken(problem: string, value: unknown): unknown {
  return { [KIND]: { problem }, value } satisfies Sealed;
}

/** Takes a value out of its seal, where it has one. */
export function openSeal(value: unknown): Opened {
  if (!isSealed(value)) return { kind: 'plain', value };
  const seal = value[KIND];
  if ('problem' in seal) return { kind: 'broken', problem: seal.problem, value: value.value };
  return { kind: 'sealed', words: seal.words.split(' '), value: value.value };
}

function isSealed(value: unknown): value is Sealed {
  return typeof value === 'object' && value !== null && KIND in value;
}

/** Why a value does not count as this kind, for people; undefined where it does. */
export function describeUnsealed(opened: Opened, kind: SealedKind): string | undefined {
  if (opened.kind === 'plain') return 'it is not sealed: no worker sent it';
  if (opened.kind === 'broken') return opened.problem;
  return opened.words[0] === kind ? undefined : `it is sealed as ${opened.words[0]}: somebody sent it again elsewhere`;
}

/** In place of a nonce: the activity of a run from before there were seals answers unsealed. */
export const NO_NONCE = '-';

/** The end of a run's id, which is random and which nobody can choose. */
export function runMark(runId: string): string {
  return runId.slice(-12);
}
