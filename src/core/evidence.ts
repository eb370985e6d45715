/**
 * What evidence says: which checks are red in the end, and which of them count.
 * Rule: a red check is run once more on the same tree and both results are kept; the last one counts. One that a person
 * accepted as red on the base counts only where it is red in another way.
 */
import type { IsolationMode } from './execution.ts';
import type { Sha } from './transcript.ts';

/** A check that is red on the base, as a person accepted, with where its output is. */
export interface RedBefore {
  command: string;
  log: Sha;
}

/** The last result of each command that is red. */
export function findRed(evidence: readonly Evidence[]): Evidence[] {
  const last = new Map(evidence.map((result) => [result.command, result]));
  return [...last.values()].filter(({ green }) => !green);
}

/** Those of the red checks that count: new ones, and those that are red in another way than on the base. */
export function findCounting(evidence: readonly Evidence[]): Evidence[] {
  return findRed(evidence).filter(({ before }) => before?.isSame !== true);
}

/** The checks that are red on the base, as a person accepted: those of which the hub has the output. */
export function listRedBefore(evidence: readonly Evidence[]): RedBefore[] {
  return findRed(evidence).flatMap(({ command, log }) => (log === undefined ? [] : [{ command, log }]));
}

/** A result in a few words, in front of its command. */
export function describeResult({ green, exitCode, tree, log, before }: Evidence): string {
  const result = green ? 'green' : `red (${exitCode ?? 'killed'}${before ? describeBefore(before) : ''})`;
  return `${result} on tree ${tree.slice(0, 10)}${log ? `, log ${log.slice(0, 10)}` : ''}`;
}

/** A red check for whoever has to mend it: what is new where it was red before, otherwise the end of its output. */
export function describeRed({ command, exitCode, tail, before }: Evidence): string {
  const head = `$ ${command}\nexit status ${exitCode ?? 'none'}`;
  if (!before) return `${head}\n${tail}`;
  const what = before.fresh === '' ? `It is red on the base too, but ended in another way:\n${tail}` : before.fresh;
  return `${head}\nRed on the base already: ${before.old} lines of its output are as they were there. New are:\n${what}`;
}

/** How a red check compares with the base, in a few words. */
function describeBefore({ isSame, old }: NonNullable<Evidence['before']>): string {
  return isSame ? ', in the same way as on the base' : `, in another way than on the base: ${old} lines are old`;
}

/** A check's result with the tree that it judged. */
export interface Evidence {
  command: string;
  exitCode: number | null;
  green: boolean;
  commit: Sha;
  tree: Sha;
  /** The last part of the output, at most 1 KiB; its digest is over all of it. */
  tail: string;
  outputDigest: string;
  durationMs: number;
  isolation: IsolationMode;
  /** The commit in the hub whose message has the whole output; its tree is the one that was judged. */
  log?: Sha;
  /** Of a check that a person accepted as red on the base: whether it is red in the same way, and what is new. */
  before?: { isSame: boolean; fresh: string; old: number };
}
