/**
 * Reads a recorded history as what happened: activities asked for and ended, messages taken in.
 * Rule: only what the history itself says is used; nothing of the code that is under test.
 */

/** One thing that happened, in the order of the history. */
export type Happened =
  | { kind: 'started'; input: Record<string, unknown> }
  | { kind: 'asked'; activity: string; input: Record<string, unknown> }
  | { kind: 'ended'; activity: string; input: Record<string, unknown>; result: Record<string, unknown> }
  /** A message that counted: an update that was answered so, or what a refactor passed on. */
  | { kind: 'message'; verb: string; input: Record<string, unknown> };

interface Payloads {
  payloads?: { data?: string }[];
}
type Event = Record<string, unknown> & { eventId: string };

function decode(from: unknown): Record<string, unknown> {
  const data = (from as Payloads | undefined)?.payloads?.[0]?.data;
  if (data === undefined) return {};
  const value: unknown = JSON.parse(Buffer.from(data, 'base64').toString('utf8'));
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { value };
}

/** The history as the `temporal` program writes it, in order. */
export function readHistory(text: string): Happened[] {
  const { events } = JSON.parse(text) as { events: Event[] };
  const asked = new Map<string, { activity: string; input: Record<string, unknown> }>();
  const updates = new Map<string, { verb: string; input: Record<string, unknown> }>();
  return events.flatMap((event): Happened[] => {
    const key = Object.keys(event).find((name) => name.endsWith('EventAttributes')) ?? '';
    const facts = event[key] as Record<string, unknown>;
    switch (key) {
      case 'workflowExecutionStartedEventAttributes':
        return [{ kind: 'started', input: decode(facts['input']) }];
      case 'activityTaskScheduledEventAttributes': {
        const one = { activity: (facts['activityType'] as { name: string }).name, input: decode(facts['input']) };
        asked.set(event.eventId, one);
        return [{ kind: 'asked', ...one }];
      }
      case 'activityTaskCompletedEventAttributes': {
        const one = asked.get(String(facts['scheduledEventId']));
        return one ? [{ kind: 'ended', ...one, result: decode(facts['result']) }] : [];
      }
      case 'workflowExecutionSignaledEventAttributes': {
        if (facts['signalName'] !== 'forwarded') return [];
        const { verb, ...input } = decode(facts['input']);
        return [{ kind: 'message', verb: String(verb), input }];
      }
      case 'workflowExecutionUpdateAcceptedEventAttributes': {
        const request = facts['acceptedRequest'] as {
          meta: { updateId: string };
          input: { name: string; args?: unknown };
        };
        updates.set(request.meta.updateId, { verb: request.input.name, input: decode(request.input.args) });
        return [];
      }
      case 'workflowExecutionUpdateCompletedEventAttributes': {
        const { meta, outcome } = facts as { meta: { updateId: string }; outcome: { success?: unknown } };
        const update = updates.get(meta.updateId);
        const hasCounted = ['applied', 'forwarded'].includes(String(decode(outcome.success)['kind']));
        return update && hasCounted ? [{ kind: 'message', ...update }] : [];
      }
      default:
        return [];
    }
  });
}
