/**
 * The promises of a chaos run, how often each was checked, and the breaches.
 * Rule: a promise that was never checked is not shown as kept: the table has the numbers of checks and of breaches.
 */

/** The promises, in the order of the table. */
export const PROMISES = {
  ends: 'refactors delivered without a hold, a failure or a standstill',
  tree: 'final trees equal to the undisturbed one',
  steps: 'steps done once',
  effects: 'lines of effects there once',
  stored: 'stored model answers never asked for again',
  inFlight: 'answers paid in vain: one for each agent and blow at its model worker at most',
  signals: 'acknowledged signals that counted, once',
  decisions: 'acknowledged decisions that counted',
  checkpoints: 'checkpoints named by histories that are in their chain',
  refs: "runs' refs that are a line from their start, and only ever grew",
  budgets: 'budgets set aside in a shared account that were settled at the end, at what was spent',
  replays: 'histories that replay',
  leftovers: 'looks for processes, locks and junk that found none',
  processes: 'workers that ended only when they were told to',
} as const;

export type PromiseName = keyof typeof PROMISES;

export interface Finding {
  promise: PromiseName;
  refactor: string;
  text: string;
}

/** Collects findings: `look` counts a check, `broke` adds a breach. */
export interface Findings {
  looked: Record<PromiseName, number>;
  broken: Finding[];
  look(promise: PromiseName, times?: number): void;
  broke(promise: PromiseName, refactor: string, text: string): void;
}

export function createFindings(): Findings {
  const looked = Object.fromEntries(Object.keys(PROMISES).map((name) => [name, 0])) as Record<PromiseName, number>;
  const broken: Finding[] = [];
  return {
    looked,
    broken,
    look: (promise, times = 1) => void (looked[promise] += times),
    broke: (promise, refactor, text) => void broken.push({ promise, refactor, text }),
  };
}
