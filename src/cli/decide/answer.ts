/**
 * `cox answer`: answers a question of an agent in words.
 * Rule: where several are open, one has to be named.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { SendOptions } from '../command/verb.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

export function addAnswer(program: Command, action: Action): void {
  addVerb(program, updates.answer)
    .argument('<text>', 'what the agent is told')
    .option('--question <id>', 'which, when several are open')
    .action(
      action(async (id: string, text: string, { question, ...sending }: SendOptions & { question?: string }) => {
        return await sendMessage(updates.answer, id, { text, question }, sending);
      }),
    );
}
