/**
 * A bound on the work for one input, counted in steps, whatever the input looks like.
 * Rule: steps are counted before the work is done, and never given back. An input that runs out of steps can't be
 * judged, so it asks.
 */

/** `taken` may exceed `most` by the last count. */
export interface StepBudget {
  readonly most: number;
  taken: number;
}

export function openBudget(most: number): StepBudget {
  return { most, taken: 0 };
}

/** Counts steps before they are taken. False if too few are left; then the caller must not do the work. */
export function take(budget: StepBudget, steps: number): boolean {
  budget.taken += steps;
  return budget.taken <= budget.most;
}

export function isSpent({ taken, most }: StepBudget): boolean {
  return taken > most;
}
