/**
 * What surrounds every activity: heartbeats from the first line on, cancellation, and errors in Temporal's terms.
 * Rule: an activity that was cancelled ends as cancelled only after everything that it started is dead.
 */
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { toFailure } from './failures.ts';

/** A fifth of the heartbeat timeout: one lost beat is no reason to give a worker up. */
const HEARTBEAT_INTERVAL_MS = 2000;

/** Runs an activity's body with heartbeats; `signal` fires when the activity is cancelled or its worker shuts down. */
export async function withHeartbeats<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
  try {
    const result = await body(context.cancellationSignal);
    return result;
  } catch (error) {
    if (context.cancellationSignal.aborted) throw cancelled(context, error);
    throw toFailure(error);
  } finally {
    clearInterval(timer);
  }
}

/** A worker's shutdown is no wish of a person: it is a failure that another worker retries. */
function cancelled(context: Context, error: unknown): unknown {
  if (context.cancellationDetails?.cancelRequested) return new CancelledFailure('cancelled');
  const failure = toFailure(error);
  return failure instanceof CancelledFailure ? new Error('the worker shut down while this ran') : failure;
}
