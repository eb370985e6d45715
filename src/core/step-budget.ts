/**
 * What a judge may spend on one input: steps are counted where they are taken, whatever the input looks like.
 * Rule: counted before the work is done, and never given back; what runs out of steps can't be judged, so it asks.
 */

/** Steps of one judging; `taken` may go beyond `most` by what was counted last. */
export interface StepBudget {
  readonly most: number;
  taken: number;
}

export function openBudget(most: number): StepBudget {
  return { most, taken: 0 };
}

/** Counts steps that are about to be taken; false where there are none left, and then they are not taken. */
export function take(budget: StepBudget, steps: number): boolean {
  budget.taken += steps;
  return budget.taken <= budget.most;
}

export function isSpent({ taken, most }: StepBudget): boolean {
  return taken > most;
}
