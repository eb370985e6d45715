/**
 * Surrounds every activity: regular heartbeats, with what people see of it, cancellation, and errors in
 * Temporal's terms.
 * Rule: a cancelled activity ends as cancelled only after all processes that it started are dead.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Live } from '../../core/live.ts';
import { isHostQueue } from '../../core/task-queues.ts';
import { sealed } from '../../core/sealed.ts';
import { clip } from '../../core/text/lines.ts';
import type { TroubleNews } from '../../core/trouble.ts';
import { isTold, TROUBLE_SIGNAL } from '../../core/trouble.ts';
import { nonceOf } from '../../seal/unseal-activities.ts';
import { fail, toFailure } from './failures.ts';
import { tryElsewhere } from './try-elsewhere.ts';
import { watchRefactor } from './watch-refactor.ts';

/** A fifth of the heartbeat timeout, so a worker with one lost heartbeat does not count as dead. */
const HEARTBEAT_INTERVAL_MS = 2000;
/** While there is something to see. The SDK sends at most one heartbeat of an activity in a second. */
const LIVE_INTERVAL_MS = 1000;
/** Characters of a failure's message that are sent to the workflow; Temporal's pending activity has the whole. */
const MAX_REASON = 500;

/** A note from one attempt to the next. It travels with the heartbeats, so it survives the death of the worker. */
export interface Memory {
  read(): unknown;
  write(note: unknown): void;
}

/** What people see of a running activity. Each heartbeat asks the newest stage for its state. */
export interface Screen {
  show(stage: { read(): Live }): void;
}

/**
 * Runs an activity's body with heartbeats. `signal` fires when the activity is cancelled, its worker shuts down, or
 * `refactor` is closed.
 */
export async function withHeartbeats<T>(
  body: (signal: AbortSignal, memory: Memory, screen: Screen) => Promise<T>,
  { refactor }: { refactor?: string } = {},
): Promise<T> {
  const context = Context.current();
  const watch = watchRefactor(context, refactor);
  let note = withoutLive(context.info.heartbeatDetails);
  let stage: { read(): Live } | undefined;
  const beat = (): void => context.heartbeat(stage ? { ...Object(note), now: stage.read() } : note);
  // What the attempt before has told must survive this one too. Otherwise the first beat comes after an interval: most
  // activities are done by then, and each beat costs the server a write.
  if (context.info.heartbeatDetails !== undefined) beat();
  let beats = 0;
  const timer = setInterval(() => {
    beats += 1;
    if (stage || beats % (HEARTBEAT_INTERVAL_MS / LIVE_INTERVAL_MS) === 0) beat();
  }, LIVE_INTERVAL_MS);
  const memory: Memory = {
    read: () => note,
    write: (value) => {
      note = value;
      beat();
    },
  };
  const screen: Screen = { show: (newest) => (stage = newest) };
  try {
    return await body(AbortSignal.any([context.cancellationSignal, watch.signal]), memory, screen);
  } catch (error) {
    // What is shown of an activity that waits for its next attempt is only why it failed.
    stage = undefined;
    if (context.cancellationSignal.aborted) throw cancelled(context, error);
    if (watch.signal.aborted)
      throw fail('RefactorGone', `${refactor} is closed, so this activity, which worked for it, was ended`);
    const failure = (await tryElsewhere(context, memory, error)) ?? toFailure(error, context.info.attempt);
    await tellTrouble(context, failure);
    throw failure;
  } finally {
    clearInterval(timer);
    watch.end();
  }
}

/** The note of an earlier attempt, without what people saw of it. */
function withoutLive(details: unknown): unknown {
  if (typeof details !== 'object' || details === null || !('now' in details)) return details;
  const { now: _, ...note } = details;
  return Object.keys(note).length > 0 ? note : undefined;
}

/**
 * The error after the activity's signal fired. A worker's shutdown is not a cancellation by a person: it is a failure
 * after which another worker retries, or the agent moves to another host.
 */
function cancelled(context: Context, error: unknown): unknown {
  if (context.cancellationDetails?.cancelRequested) return new CancelledFailure('cancelled');
  const failure = toFailure(error);
  if (failure instanceof ApplicationFailure) return failure;
  // A retry on the host's own task queue would wait for the host that is shutting down.
  const final = isHostQueue(context.info.taskQueue);
  return fail('Drained', 'the worker was shut down while this activity ran', { final });
}

/** Signals to the workflow why its activity is retried: Temporal does not show retries to workflow code. */
async function tellTrouble(context: Context, failure: unknown): Promise<void> {
  const { info } = context;
  const isFinal = failure instanceof ApplicationFailure && failure.nonRetryable === true;
  if (isFinal || !isTold(info.attempt) || !info.workflowExecution) return;
  const reason = clip(failure instanceof Error ? failure.message : String(failure), MAX_REASON).kept;
  const news: TroubleNews = { what: info.activityType, attempt: info.attempt, reason };
  const { workflowId, runId } = info.workflowExecution;
  // If this signal can't be sent, the activity still fails with its own failure.
  await context.client.workflow
    .getHandle(workflowId, runId)
    .signal(TROUBLE_SIGNAL, sealed(['trouble', nonceOf(context), String(info.attempt)], news))
    .catch(() => undefined);
}
