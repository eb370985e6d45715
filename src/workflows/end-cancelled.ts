/**
 * How a run ends that Temporal was asked to cancel: as Cancelled, after it has stopped and stored its work.
 * Rule: only the run that was asked can end as Cancelled, so it does not continue as new.
 */
import { patched } from '@temporalio/workflow';

/** The patch since which cancelled runs end as Cancelled. */
const ENDS_CANCELLED = 'ends-cancelled';

/** Decides how a new run will end when it is cancelled. */
export function beginEnding<S extends { endsCancelled?: true }>(state: S): S {
  return patched(ENDS_CANCELLED) ? { ...state, endsCancelled: true } : state;
}

export function endsCancelled({
  endsCancelled: ends,
  outcome,
}: {
  endsCancelled?: true;
  outcome: object | null;
}): boolean {
  return ends === true && outcome !== null && 'cancelled' in outcome;
}
