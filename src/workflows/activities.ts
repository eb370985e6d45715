/**
 * The activities as workflows call them: by type only, each with its queue, timeouts and retries, and the reasons.
 * Rule: every activity that may take long sends heartbeats, so that a dead worker is noticed within seconds.
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
import { MODEL_ACTIVITY_MS } from '../core/budget/model-limits.ts';
import { hostQueue, modelQueue, workspaceQueue } from '../core/task-queues.ts';
import { exchangeWith } from './sealed-activities.ts';

/**
 * A cancellation arrives with a heartbeat, which is throttled to 80 % of this time. After this time a silent worker
 * counts as dead.
 */
const HEARTBEAT_TIMEOUT = '10 seconds';
/** About 100 minutes, so that an outage of an hour is survived. Then the run holds and says why. */
const MODEL_RETRY = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '1 minute',
  maximumAttempts: 100,
} as const;
/**
 * About 3 hours: hosts, disks and hubs are usually repaired or replaced by then, and `status` shows the retries. Then
 * the run holds.
 */
const WORK_RETRY = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '1 minute',
  maximumAttempts: 200,
} as const;

/** A host that takes no work for this long is gone or full, so its agents move. */
const HOST_TIMEOUT = '10 seconds';

export interface Activities {
  control: ActivityInterfaceFor<ControlActivities>;
  model: ActivityInterfaceFor<ModelActivities>;
  /** The activities of any host (null), or of the host that has the workspace. */
  workspace: (host: string | null) => ActivityInterfaceFor<WorkspaceActivities>;
}

/** The activities of a run. The team's name is their fairness key. */
export function openActivities(team: string | null, seals: boolean): Activities {
  const { taskQueue } = workflowInfo();
  const shared: ActivityOptions = {
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...(team ? { priority: { fairnessKey: team.slice(0, 64) } } : {}),
  };
  return {
    // Enough for a fetch or push of a large repository over a slow line.
    control: exchangeWith(
      proxyActivities<ControlActivities>({ ...shared, startToCloseTimeout: '30 minutes', retry: WORK_RETRY }),
      seals,
    ),
    // The model's adapter limits each call, by settings (`COXSWAIN_MODEL_TIMEOUT_SECONDS` and `_IDLE_SECONDS`).
    model: exchangeWith(
      proxyActivities<ModelActivities>({
        ...shared,
        taskQueue: modelQueue(taskQueue),
        startToCloseTimeout: MODEL_ACTIVITY_MS,
        retry: MODEL_RETRY,
      }),
      seals,
    ),
    // A command is limited to an hour, but several checks may run in a row.
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

/** An activity's failure for people: its type and message. */
export function describeFailure(error: unknown): { type: string; reason: string } {
  if (error instanceof ActivityFailure && error.cause instanceof Error) {
    const { cause } = error;
    if (cause instanceof ApplicationFailure) {
      return { type: cause.type ?? 'Failure', reason: cause.message };
    }
    return { type: cause.name, reason: cause.message };
  }
  if (error instanceof ActivityFailure) return { type: 'ActivityFailure', reason: error.message };
  // Anything else is a bug of ours: the workflow task fails and waits for a fixed worker.
  throw error;
}
