/**
 * The activities as workflows see them: by type only, each with its queue, timeouts and retries, and why these.
 * Rule: every activity that may take long heartbeats, so that a dead worker is noticed within seconds.
 */
import type { ActivityInterfaceFor, ActivityOptions } from '@temporalio/workflow';
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { ControlActivities, ModelActivities, WorkspaceActivities } from '../activities/attempt/contract.ts';
import type { FailureType } from '../core/failures.ts';
import { hostQueue, modelQueue, workspaceQueue } from '../core/task-queues.ts';
import { exchangeWith } from './exchange.ts';

/** Cancellation arrives with a heartbeat, throttled to 80 % of this; a dead worker costs this long. */
const HEARTBEAT_TIMEOUT = '10 seconds';
/** A model down for an hour is waited for (about 100 minutes of tries); then the run holds and says why. */
const MODEL_RETRY = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '1 minute',
  maximumAttempts: 100,
} as const;
/** Broken hosts, disks and hubs mend or are replaced within hours, and `status` says so; then it becomes a hold. */
const WORK_RETRY = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '1 minute',
  maximumAttempts: 200,
} as const;

/** A host that takes no work for this long is gone or full: its agents move. */
const HOST_TIMEOUT = '10 seconds';

export interface Activities {
  control: ActivityInterfaceFor<ControlActivities>;
  model: ActivityInterfaceFor<ModelActivities>;
  /** Those of any host, or of the one that has the workspace already. */
  workspace: (host: string | null) => ActivityInterfaceFor<WorkspaceActivities>;
}

/** The activities for a run; its team's name is the fairness key of all of them. */
export function openActivities(team: string | null, seals: boolean): Activities {
  const { taskQueue } = workflowInfo();
  const shared: ActivityOptions = {
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...(team ? { priority: { fairnessKey: team.slice(0, 64) } } : {}),
  };
  return {
    // A fetch or push of a large repository over a slow line.
    control: exchangeWith(
      proxyActivities<ControlActivities>({ ...shared, startToCloseTimeout: '30 minutes', retry: WORK_RETRY }),
      seals,
    ),
    // The longest answers of today's models take minutes; the stream's silence is bounded by the client.
    model: exchangeWith(
      proxyActivities<ModelActivities>({
        ...shared,
        taskQueue: modelQueue(taskQueue),
        startToCloseTimeout: '30 minutes',
        retry: MODEL_RETRY,
      }),
      seals,
    ),
    // Commands have a limit of their own (an hour at most), checks may be several in a row.
    workspace: (host) =>
      exchangeWith(
        proxyActivities<WorkspaceActivities>({
          ...shared,
          ...(host === null
            ? { taskQueue: workspaceQueue(taskQueue) }
            : { taskQueue: hostQueue(taskQueue, host), scheduleToStartTimeout: HOST_TIMEOUT }),
          startToCloseTimeout: '4 hours',
          retry: WORK_RETRY,
        }),
        seals,
      ),
  };
}

/** Whether an activity failed because its host is gone, full, or being drained. */
export function isHostGone(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  const { cause } = error;
  if (cause instanceof TimeoutFailure) return cause.timeoutType === 'SCHEDULE_TO_START';
  return cause instanceof ApplicationFailure && cause.type === ('Drained' satisfies FailureType);
}

/** What an activity's failure says to people: its type and its words. */
export function describeFailure(error: unknown): { type: string; reason: string } {
  if (error instanceof ActivityFailure && error.cause instanceof Error) {
    const { cause } = error;
    if (cause instanceof ApplicationFailure) {
      return { type: cause.type ?? 'Failure', reason: cause.message };
    }
    return { type: cause.name, reason: cause.message };
  }
  if (error instanceof ActivityFailure) return { type: 'ActivityFailure', reason: error.message };
  // Anything else is a bug of ours: the workflow task fails and waits for a mended worker.
  throw error;
}
