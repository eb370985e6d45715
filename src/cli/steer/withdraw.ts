/**
 * `cox withdraw` and `cox edit`: change a steer that no model call has read yet.
 * Rule: what was read can't be unsaid; the answer says which call has it.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { SendOptions } from '../command/verb.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

const STEER = "the id in the steer's receipt, or its beginning";

export function addWithdraw(program: Command, action: Action): void {
  addVerb(program, updates.withdraw)
    .argument('[steer]', `${STEER}; may be left out where only one waits`)
    .action(
      action(async (id: string, steer: string | undefined, sending: SendOptions) => {
        return await sendMessage(updates.withdraw, id, { steer }, sending);
      }),
    );
}

export function addEdit(program: Command, action: Action): void {
  addVerb(program, updates.edit)
    .argument('<steer>', STEER)
    .argument('<text>', 'what the agents are told instead')
    .action(
      action(async (id: string, steer: string, text: string, sending: SendOptions) => {
        return await sendMessage(updates.edit, id, { steer, text }, sending);
      }),
    );
}
