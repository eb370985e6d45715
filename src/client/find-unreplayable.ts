/**
 * Finds runs whose workflow tasks fail because their history can't be replayed by the workers' code.
 * Rule: only looks; whether such a run is reset, or the workers' code is the wrong one, people decide.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { ResetPoint } from '../core/upkeep/reset-point.ts';
import { findResetPoint } from '../core/upkeep/reset-point.ts';

/** The server sets this on a run after several failed workflow tasks in a row. */
const PROBLEM = 'cause=WorkflowTaskFailedCauseNonDeterministicError';
type EventId = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number]['eventId'];
/** As many as people read. */
const MOST = 10;

/** A run that stands still, and the event to reset it to, where its last failure says it. */
export interface UnreplayableRun {
  workflowId: string;
  runId: string;
  resetTo: ResetPoint | undefined;
  /** The event's id as Temporal's own calls take it. */
  resetId: EventId;
}

/** The runs of a task queue that can't be replayed: at most ten. */
export async function findUnreplayable(client: Client, taskQueue: string): Promise<UnreplayableRun[]> {
  const query = `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running' AND TemporalReportedProblems IN ('${PROBLEM}')`;
  const found: UnreplayableRun[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const resetTo = findResetPoint(
      (events ?? []).map((event) => ({
        eventId: event.eventId,
        workflowTaskCompleted: Boolean(event.workflowTaskCompletedEventAttributes),
        taskFailure: event.workflowTaskFailedEventAttributes?.failure?.message ?? undefined,
      })),
    );
    const resetId = events?.find(({ eventId }) => Number(eventId) === resetTo?.eventId)?.eventId;
    found.push({ workflowId, runId, resetTo, resetId });
    if (found.length === MOST) break;
  }
  return found;
}

/** What a person can do about one. */
export function describeUnreplayable({ workflowId, resetTo }: UnreplayableRun): string {
  const reset = `temporal workflow reset --workflow-id ${workflowId} --event-id ${resetTo?.eventId} --reason 'can not be replayed'`;
  const means = resetTo === undefined ? 'its history says how (temporal workflow show)' : reset;
  return `${workflowId} can't be replayed by its worker's code: bring back the version that it ran on, or ${means}`;
}
