/**
 * `cox stop`: ends a run in order.
 * Rule: what was done is kept; it can't be undone.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { SendOptions } from '../command/verb.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

export function addStop(program: Command, action: Action): void {
  addVerb(program, updates.stop)
    .argument('[reason]', 'shown to others')
    .action(
      action(async (id: string, reason: string | undefined, options: SendOptions) => {
        return await sendMessage(updates.stop, id, { reason }, options);
      }),
    );
}
