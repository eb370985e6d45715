/**
 * What surrounds every activity: heartbeats from the first line on, cancellation, and errors in Temporal's terms.
 * Rule: an activity that was cancelled ends as cancelled only after everything that it started is dead.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { isHostQueue } from '../../core/task-queues.ts';
import { sealed } from '../../core/sealed.ts';
import type { TroubleNews } from '../../core/trouble.ts';
import { isTold, TROUBLE_SIGNAL } from '../../core/trouble.ts';
import { nonceOf } from '../../seal/unseal-activities.ts';
import { fail, toFailure } from './failures.ts';
import { tryElsewhere } from './try-elsewhere.ts';
import { watchRefactor } from './watch-refactor.ts';

/** A fifth of the heartbeat timeout: one lost beat is no reason to give a worker up. */
const HEARTBEAT_INTERVAL_MS = 2000;
/** Words of a failure that travel as news; the whole is in Temporal's pending activity. */
const MAX_REASON = 500;

/** What an attempt leaves to the next one, should it die: it travels with the heartbeats. */
export interface Memory {
  read(): unknown;
  write(note: unknown): void;
}

/**
 * Runs an activity's body with heartbeats; `signal` fires when the activity is cancelled, its worker shuts down, or the
 * refactor that it is done for is closed.
 */
export async function withHeartbeats<T>(
  body: (signal: AbortSignal, memory: Memory) => Promise<T>,
  { refactor }: { refactor?: string } = {},
): Promise<T> {
  const context = Context.current();
  const watch = watchRefactor(context, refactor);
  let note: unknown = context.info.heartbeatDetails;
  const beat = (): void => context.heartbeat(note);
  beat();
  const timer = setInterval(beat, HEARTBEAT_INTERVAL_MS);
  const memory: Memory = {
    read: () => note,
    write: (value) => {
      note = value;
      beat();
    },
  };
  try {
    const result = await body(AbortSignal.any([context.cancellationSignal, watch.signal]), memory);
    return result;
  } catch (error) {
    if (context.cancellationSignal.aborted) throw cancelled(context, error);
    if (watch.signal.aborted) throw fail('RefactorGone', `${refactor} is closed: what was done for it was ended`);
    const failure = (await tryElsewhere(context, memory, error)) ?? toFailure(error, context.info.attempt);
    await tellTrouble(context, failure);
    throw failure;
  } finally {
    clearInterval(timer);
    watch.end();
  }
}

/** A worker's shutdown is no wish of a person: it is a failure that another worker retries, or that moves the agent. */
function cancelled(context: Context, error: unknown): unknown {
  if (context.cancellationDetails?.cancelRequested) return new CancelledFailure('cancelled');
  const failure = toFailure(error);
  if (failure instanceof ApplicationFailure) return failure;
  // A retry on the host's own queue would wait for a host that is leaving.
  const final = isHostQueue(context.info.taskQueue);
  return fail('Drained', 'the worker was told to end while this ran', { final });
}

/** Tells the workflow why its activity is tried again: a query sees no retries. */
async function tellTrouble(context: Context, failure: unknown): Promise<void> {
  const { info } = context;
  const isFinal = failure instanceof ApplicationFailure && failure.nonRetryable === true;
  if (isFinal || !isTold(info.attempt) || !info.workflowExecution) return;
  const reason = (failure instanceof Error ? failure.message : String(failure)).slice(0, MAX_REASON);
  const news: TroubleNews = { what: info.activityType, attempt: info.attempt, reason };
  const { workflowId, runId } = info.workflowExecution;
  // News that can't be told must not hide the failure that it is about.
  await context.client.workflow
    .getHandle(workflowId, runId)
    .signal(TROUBLE_SIGNAL, sealed(['trouble', nonceOf(context), String(info.attempt)], news))
    .catch(() => undefined);
}
