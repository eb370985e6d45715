/**
 * Finds where a run that can't be replayed any more goes on: the workflow task before the one whose events differ.
 * Rule: reads what Temporal says and changes nothing.
 */

/** Of an event of a history, what is looked at. Numbers may be text, as in JSON. */
export interface HistoryEvent {
  eventId: unknown;
  workflowTaskCompleted: boolean;
  /** Of a failed workflow task: what its worker said. */
  taskFailure?: string | undefined;
}

/** The SDK's words for "this history was not made by this code", with the first event that differs. */
const DIFFERS = /Nondeterminism error.*HistoryEvent\(id: (\d+)/is;

/** The SDK's words where it stored an update after what it replays it before: a fault of its own, not of the code. */
const REORDERED = /Update machine does not handle this event/i;

/** Where a run goes on, and whether it was the SDK that stored in one order what it replays in another. */
export interface ResetPoint {
  eventId: number;
  isReordered: boolean;
}

/**
 * The id of the `WorkflowTaskCompleted` to reset to, which takes back that task and all that follows it; undefined
 * where the newest failure is no such difference, or nothing comes before it.
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
