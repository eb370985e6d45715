/**
 * What evidence says: which checks are red in the end.
 * Rule: a red check is run once more on the same tree and both results are kept; the last one counts.
 */
import type { Evidence } from './agent-state.ts';

/** The last result of each command that is red. */
export function findRed(evidence: readonly Evidence[]): Evidence[] {
  const last = new Map(evidence.map((result) => [result.command, result]));
  return [...last.values()].filter(({ green }) => !green);
}
