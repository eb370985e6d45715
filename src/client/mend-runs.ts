/**
 * Lets runs go on whose history the SDK stored in one order and replays in another: an update beside a timer or an
 * activity's end, on a worker that had just come or come back (temporalio/sdk-rust, issues 943 and 1146).
 * Rule: only that fault is mended, by the reset that a person would make; what any other code did is left to people.
 */
import { setTimeout } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { findUnreplayable } from './find-unreplayable.ts';

/** A run that needs more resets has another problem. */
const MOST_RESETS = 5;
/** Reapply the signals and updates that came later: `RESET_REAPPLY_TYPE_ALL_ELIGIBLE`. */
const REAPPLY_ALL = 3;
const EVERY_MS = 30_000;
const REASON = 'mended by Coxswain: the SDK replays an update in another order than it stored it';

/** Resets each such run of a task queue to just before the task in question; gives what was done, as sentences. */
export async function mendRuns(client: Client, taskQueue: string, resets: Map<string, number>): Promise<string[]> {
  const done: string[] = [];
  for (const { workflowId, runId, resetTo, resetId } of await findUnreplayable(client, taskQueue)) {
    const count = (resets.get(workflowId) ?? 0) + 1;
    if (!resetId || !resetTo?.isReordered || count > MOST_RESETS) continue;
    resets.set(workflowId, count);
    await client.workflowService.resetWorkflowExecution({
      namespace: client.options.namespace,
      workflowExecution: { workflowId, runId },
      reason: REASON,
      workflowTaskFinishEventId: resetId,
      // Several workers may find it: the server makes one reset of them.
      requestId: `coxswain-mend-${runId}`,
      resetReapplyType: REAPPLY_ALL,
      identity: client.options.identity,
    });
    done.push(`${workflowId} was reset to event ${resetTo.eventId} (${REASON})`);
  }
  return done;
}

/** Mends runs every half minute until the signal says that it is enough. A look that failed is repeated. */
export async function mendRepeatedly(
  client: Client,
  taskQueue: string,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<void> {
  const resets = new Map<string, number>();
  while (!signal.aborted) {
    await setTimeout(EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const done = await mendRuns(client, taskQueue, resets).catch(() => []);
    done.forEach(say);
  }
}
