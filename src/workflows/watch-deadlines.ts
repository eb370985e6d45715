/**
 * Gives silence its effect at its moment, where policy has one.
 * Rule: without a deadline there is no timer, so that waiting costs nothing.
 */
import { CancellationScope, condition } from '@temporalio/workflow';

/** Calls `pass` whenever the moment that `next` names has come. Runs until its workflow ends. */
export async function watchDeadlines(next: () => number | null, pass: () => void): Promise<never> {
  return await CancellationScope.nonCancellable(async () => {
    for (;;) {
      await condition(() => next() !== null);
      const due = next() ?? 0;
      const rest = due - Date.now();
      // A decision that is made meanwhile, or another policy, ends this wait.
      if (rest > 0) await condition(() => next() !== due, rest, { summary: 'a decision is waited for' });
      if (next() === due && due <= Date.now()) pass();
    }
  });
}
