/**
 * How a run that Temporal was asked to cancel ends: as Cancelled, after it has stopped and kept what it should.
 * Rule: only the run that was asked can end so, hence it does not continue as new any more.
 */
import { patched } from '@temporalio/workflow';

/** The patch under which cancelled runs began to end as Cancelled. */
const ENDS_CANCELLED = 'ends-cancelled';

/** The state of a run that begins, with how it will end. */
export function beginEnding<S extends { endsCancelled?: true }>(state: S): S {
  return patched(ENDS_CANCELLED) ? { ...state, endsCancelled: true } : state;
}

/** Whether a run ends as Cancelled. */
export function endsCancelled({
  endsCancelled: ends,
  outcome,
}: {
  endsCancelled?: true;
  outcome: object | null;
}): boolean {
  return ends === true && outcome !== null && 'cancelled' in outcome;
}
