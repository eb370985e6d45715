/**
 * `cox choose`: says whose work counts after a fork.
 * Rule: the work of the others is left aside, not removed.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { SendOptions } from '../command/verb.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

export function addChoose(program: Command, action: Action): void {
  addVerb(program, updates.choose)
    .argument('<agent>', 'as the status names it')
    .action(
      action(async (id: string, agent: string, options: SendOptions) => {
        return await sendMessage(updates.choose, id, { agent }, options);
      }),
    );
}
