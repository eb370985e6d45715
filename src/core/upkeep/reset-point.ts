/**
 * Finds the event to which a run that can't be replayed any more is reset: the last completed workflow task before the
 * events that differ.
 * Rule: reads what Temporal says and changes nothing.
 */

/** What is read of a history's event. Numbers may be text, as in JSON. */
export interface HistoryEvent {
  eventId: unknown;
  workflowTaskCompleted: boolean;
  /** For a failed workflow task, the message of its worker. */
  taskFailure?: string | undefined;
}

/** The SDK's message that this history was not made by this code, with the first event that differs. */
const DIFFERS = /Nondeterminism error.*HistoryEvent\(id: (\d+)/is;

/**
 * The SDK's message when it replays an update in another order than it stored it. That is a fault of the SDK, not of
 * our code.
 */
const REORDERED = /Update machine does not handle this event/i;

/** The event to reset to, and whether the cause was the SDK's order of updates. */
export interface ResetPoint {
  eventId: number;
  isReordered: boolean;
}

/**
 * The id of the `WorkflowTaskCompleted` to reset to; a reset takes back that task and all later events. Undefined if
 * the newest failure is not such a difference, or if nothing comes before it.
 */
export function findResetPoint(events: readonly HistoryEvent[]): ResetPoint | undefined {
  const said = events.findLast(({ taskFailure }) => taskFailure !== undefined)?.taskFailure ?? '';
  const differs = DIFFERS.exec(said);
  if (!differs) return undefined;
  const from = Number(differs[1]);
  const before = events.filter(({ eventId, workflowTaskCompleted }) => workflowTaskCompleted && Number(eventId) < from);
  const last = before.at(-1);
  return last && { eventId: Number(last.eventId), isReordered: REORDERED.test(said) };
}
