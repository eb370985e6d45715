/**
 * `cox rewind`: takes a task back to an earlier checkpoint, files and conversation together.
 * Rule: nothing is lost: what came after that checkpoint stays in the hub.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { SendOptions } from '../command/verb.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

export function addRewind(program: Command, action: Action): void {
  addVerb(program, updates.rewind)
    .argument('<to>', 'a step or a checkpoint')
    .option('--task <task>', 'which, when several are at work')
    .action(
      action(async (id: string, to: string, { task, ...sending }: SendOptions & { task?: string }) => {
        return await sendMessage(updates.rewind, id, { to, task }, sending);
      }),
    );
}
