/**
 * `cox steer`: guides the agents of a run in words.
 * Rule: its receipt, which says what became of it, is in the status.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { SendOptions } from '../command/verb.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

interface Options extends SendOptions {
  to?: string;
  interrupt?: boolean;
}

export function addSteer(program: Command, action: Action): void {
  addVerb(program, updates.steer)
    .argument('<text>', 'what the agents are told')
    .option('--to <task>', 'only the agent of this task')
    .option('--interrupt', 'cut the current step short')
    .action(
      action(async (id: string, text: string, { to, interrupt, ...sending }: Options) => {
        return await sendMessage(updates.steer, id, { text, to, interrupt }, sending);
      }),
    );
}
