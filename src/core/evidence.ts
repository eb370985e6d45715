/**
 * What evidence says: which checks are red, and which red ones count.
 * Rule: a red check runs once more on the same tree, and both results are kept; the last one counts. A check that a
 * person accepted as red on the base counts only if it is red in another way.
 */
import type { IsolationMode } from './execution.ts';
import type { Sha } from './transcript.ts';

/** A check that is red on the base and that a person accepted. `log` is the commit with its output. */
export interface RedBefore {
  command: string;
  log: Sha;
}

/** The last result of each command, if it is red. */
export function findRed(evidence: readonly Evidence[]): Evidence[] {
  const last = new Map(evidence.map((result) => [result.command, result]));
  return [...last.values()].filter(({ green }) => !green);
}

/**
 * The red checks that count: those that are green on the base, and those that are red in another way than on the base.
 */
export function findCounting(evidence: readonly Evidence[]): Evidence[] {
  return findRed(evidence).filter(({ before }) => before?.isSame !== true);
}

/** The checks that a person accepted as red on the base and whose output is in the hub. */
export function listRedBefore(evidence: readonly Evidence[]): RedBefore[] {
  return findRed(evidence).flatMap(({ command, log }) => (log === undefined ? [] : [{ command, log }]));
}

/** A result in a few words, to stand before its command. */
export function describeResult({ green, exitCode, tree, log, before }: Evidence): string {
  const result = green ? 'green' : `red (${exitCode ?? 'killed'}${before ? describeBefore(before) : ''})`;
  return `${result} on tree ${tree.slice(0, 10)}${log ? `, log ${log.slice(0, 10)}` : ''}`;
}

/**
 * A red check, for an agent or person who has to repair it: what is new compared with the base, or else the end of its
 * output.
 */
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

/** A check's result and the tree that it judged. */
export interface Evidence {
  command: string;
  exitCode: number | null;
  green: boolean;
  commit: Sha;
  tree: Sha;
  /** The end of the output, at most 1 KiB. The digest is over the whole output. */
  tail: string;
  outputDigest: string;
  durationMs: number;
  isolation: IsolationMode;
  /** The commit in the hub whose message has the whole output. Its tree is the judged tree. */
  log?: Sha;
  /**
   * For a check that a person accepted as red on the base: whether it is red in the same way, the new lines, and how
   * many are old.
   */
  before?: { isSame: boolean; fresh: string; old: number };
}
