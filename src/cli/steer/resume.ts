/**
 * `cox resume`: lets a run go on after a pause or a hold.
 * Rule: its options replace only what made the run hold: a commit, the branch to deliver, or the setup.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { ManyOptions } from '../command/many.ts';
import { sendToMany, takeOneOrMany } from '../command/many.ts';
import { StackError } from '../stack/open-stack.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

interface Options extends ManyOptions {
  from?: string;
  branch?: string;
  setup?: string;
}

export function addResume(program: Command, action: Action): void {
  const command = addVerb(program, updates.resume)
    .argument('[reason]', 'shown to others')
    .option('--from <commit>', "a commit of yours in the hub, whose files replace the agent's")
    .option('--branch <name>', 'another branch to deliver')
    .option('--setup <command>', 'another setup, where the one of the start failed');
  takeOneOrMany<Options>(command, action, {
    one: async (id, [reason], { from, branch, setup, ...sending }) =>
      await sendMessage(updates.resume, id, { reason, from, branch, setup }, sending),
    many: async ([reason], { from, branch, setup, ...options }) => {
      if (from !== undefined || branch !== undefined)
        throw new StackError('a commit or a branch is for one run: name its id');
      return await sendToMany(updates.resume, { reason, setup }, options);
    },
  });
}
