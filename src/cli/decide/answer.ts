/**
 * `cox answer`: answers a question of an agent in words.
 * Rule: where several are open, one has to be named.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { ManyOptions } from '../command/many.ts';
import { takeOneOrMany } from '../command/many.ts';
import { addVerb, sendMessage } from '../command/verb.ts';
import { decideMany } from './decide-many.ts';

export function addAnswer(program: Command, action: Action): void {
  const command = addVerb(program, updates.answer)
    .argument('<text>', 'what the agent is told')
    .option('--question <id>', 'which, when several are open');
  takeOneOrMany<ManyOptions & { question?: string }>(command, action, {
    one: async (id, [text = ''], { question, ...sending }) =>
      await sendMessage(updates.answer, id, { text, question }, sending),
    many: async ([text = ''], { question, ...options }) =>
      await decideMany({ verb: 'answer', fields: { text }, named: question, options }),
  });
}
