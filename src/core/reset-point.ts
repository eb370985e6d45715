/**
 * Finds where a run that can't be replayed any more goes on: the workflow task before the one whose events differ.
 * Rule: reads what Temporal says and decides nothing; a reset is made by people, with Temporal's own command.
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

/**
 * The id of the `WorkflowTaskCompleted` to reset to, which takes back that task and all that follows it; undefined
 * where the newest failure is no such difference, or nothing comes before it.
 */
export function findResetPoint(events: readonly HistoryEvent[]): number | undefined {
  const differs = DIFFERS.exec(events.findLast(({ taskFailure }) => taskFailure !== undefined)?.taskFailure ?? '');
  if (!differs) return undefined;
  const from = Number(differs[1]);
  const before = events.filter(({ eventId, workflowTaskCompleted }) => workflowTaskCompleted && Number(eventId) < from);
  return before.length === 0 ? undefined : Number(before.at(-1)?.eventId);
}
