/**
 * The cost of sealing a step: sealing and verifying each payload of a think and an act, and the share of seals in the
 * step's bytes in the history.
 * Rule: the payloads are those of a recorded history, so their sizes are real.
 */
import { readFileSync } from 'node:fs';
import type { Payload, SerializationContext } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { temporal } from '@temporalio/proto';
import protos from '@temporalio/proto';
import { SEAL_FIELDS } from '../../src/core/sealed.ts';
import { createSealCodec } from '../../src/seal/codec.ts';
import { openKeyRing } from '../../src/seal/key-ring.ts';
import type { Subject } from './interleave.ts';

const at = (path: string): string => new URL(`../../test/${path}`, import.meta.url).pathname;
const HISTORY = at('replay/histories/v0.4-agent-sealed.json');
type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** The events of the first step: from one think to the next. */
function readStep(): HistoryEvent[] {
  const events = historyFromJSON(JSON.parse(readFileSync(HISTORY, 'utf8'))).events ?? [];
  const thinks = events.flatMap(({ activityTaskScheduledEventAttributes: one }, index) =>
    one?.activityType?.name === 'think' ? [index] : [],
  );
  return events.slice(thinks[0], thinks[1]);
}

/** The payloads of a step's activities: inputs and results. */
function payloadsOf(event: HistoryEvent): Payload[] {
  const { activityTaskScheduledEventAttributes: asked, activityTaskCompletedEventAttributes: done } = event;
  return [...(asked?.input?.payloads ?? []), ...(done?.result?.payloads ?? [])] as Payload[];
}

/** Seals and verifies all payloads of a step, as worker and workflow do. */
export function sealSubject(name: string): Subject {
  const codec = createSealCodec(openKeyRing(at('seal/test-key.json')), 'default');
  const context: SerializationContext = { type: 'workflow', namespace: 'default', workflowId: 'cost' };
  const marked = readStep()
    .flatMap(payloadsOf)
    .map((payload) => {
      const { [SEAL_FIELDS.seal]: seal, ...metadata } = payload.metadata ?? {};
      return { ...payload, metadata: { ...metadata, [SEAL_FIELDS.as]: seal?.subarray(20) ?? new Uint8Array() } };
    });
  return {
    name,
    work: async () => {
      for (const payload of marked) await codec.decode(await codec.encode([payload], context), context);
    },
  };
}

/** The share of a step's bytes in the history that are seals. */
export function sealShare(): number {
  const sizeOf = (events: readonly HistoryEvent[]): number =>
    events.reduce((sum, event) => sum + protos.temporal.api.history.v1.HistoryEvent.encode(event).finish().length, 0);
  const before = sizeOf(readStep());
  const bare = readStep();
  for (const payload of bare.flatMap(payloadsOf)) delete payload.metadata?.[SEAL_FIELDS.seal];
  return (before - sizeOf(bare)) / sizeOf(bare);
}
