/**
 * `sendMessages`: sends some messages to their runs, a few at a time, and returns their receipts.
 * Rule: an attempt that follows a dead worker sends again only what has no receipt in the heartbeats. A message that is
 * sent twice counts once, by its id.
 */
import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { BulkMessage, BulkReceipt } from '../../core/decisions/bulk.ts';
import { toReceipt } from '../../core/decisions/bulk.ts';
import { ClientFailure } from '../../client/client-failure.ts';
import { overAll } from '../../client/over-all.ts';
import { sendVerb } from '../../client/refactors.ts';
import { updates } from '../../workflows/messages.ts';
import type { ControlActivities } from '../attempt/contract.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';

const receiptSchema = z.object({
  workflow: z.string(),
  kind: z.enum(['applied', 'forwarded', 'refused', 'unsent']),
  detail: z.string(),
  receipt: z.string(),
});
const noteSchema = z.record(z.string(), receiptSchema).catch({});

export const sendMessages: ControlActivities['sendMessages'] = async (messages) =>
  await withHeartbeats(async (signal, memory) => {
    let done = noteSchema.parse(memory.read());
    return await overAll(messages, async (message) => {
      const id = String(message.input['id']);
      const before = done[id];
      if (before) return before;
      signal.throwIfAborted();
      const receipt = await send(message);
      done = { ...done, [id]: receipt };
      memory.write(done);
      return receipt;
    });
  });

async function send({ workflow, verb, input }: BulkMessage): Promise<BulkReceipt> {
  const id = String(input['id']);
  try {
    return toReceipt(workflow, await sendVerb(Context.current().client, workflow, updates[verb], input as object));
  } catch (error) {
    if (!(error instanceof ClientFailure)) throw error;
    // The server itself is away: the activity is tried again.
    if (error.kind === 'no-server') throw error;
    const kind = error.kind === 'no-worker' ? 'unsent' : 'refused';
    return toReceipt(workflow, { kind, detail: error.message, receipt: id });
  }
}
