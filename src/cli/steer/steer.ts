/**
 * `cox steer`: guides the agents of a run in words.
 * Rule: its receipt, which says what became of it, is in the status.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { ManyOptions } from '../command/many.ts';
import { sendToMany, takeOneOrMany } from '../command/many.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

interface Options extends ManyOptions {
  to?: string;
  interrupt?: boolean;
}

export function addSteer(program: Command, action: Action): void {
  const command = addVerb(program, updates.steer)
    .argument('<text>', 'what the agents are told')
    .option('--to <task>', 'only the agent of this task')
    .option('--interrupt', 'cut the current step short');
  takeOneOrMany<Options>(command, action, {
    one: async (id, [text = ''], { to, interrupt, ...sending }) =>
      await sendMessage(updates.steer, id, { text, to, interrupt }, sending),
    many: async ([text = ''], { to, interrupt, ...options }) =>
      await sendToMany(updates.steer, { text, to, interrupt }, options),
  });
}
