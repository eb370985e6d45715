/**
 * `cox pause`: lets a run start no more steps, until it is resumed.
 * Rule: what runs just now is not cut short.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { SendOptions } from '../command/verb.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

export function addPause(program: Command, action: Action): void {
  addVerb(program, updates.pause)
    .argument('[reason]', 'shown to others')
    .action(
      action(async (id: string, reason: string | undefined, options: SendOptions) => {
        return await sendMessage(updates.pause, id, { reason }, options);
      }),
    );
}
