/**
 * Applies policy's timeouts for decisions when they are due.
 * Rule: without a deadline there is no timer, so that waiting costs nothing.
 */
import { CancellationScope, condition } from '@temporalio/workflow';

/** Calls `pass` when the time that `next` returns is reached. Runs until its workflow ends. */
export async function watchDeadlines(next: () => number | null, pass: () => void): Promise<never> {
  return await CancellationScope.nonCancellable(async () => {
    for (;;) {
      await condition(() => next() !== null);
      const due = next() ?? 0;
      const rest = due - Date.now();
      // A decision or an adopted policy ends this wait early.
      if (rest > 0) await condition(() => next() !== due, rest, { summary: 'a decision is waited for' });
      if (next() === due && due <= Date.now()) pass();
    }
  });
}
