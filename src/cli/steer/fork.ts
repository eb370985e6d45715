/**
 * `cox fork`: starts a second agent on a task, from a checkpoint of the first.
 * Rule: both work on until somebody chooses (`cox choose`).
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { SendOptions } from '../command/verb.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

interface Options extends SendOptions {
  to?: string;
  text?: string;
}

export function addFork(program: Command, action: Action): void {
  addVerb(program, updates.fork)
    .argument('[task]', 'which, when several are at work')
    .option('--to <step>', 'a step or a checkpoint; the last one if left out')
    .option('--text <text>', 'what the second agent is told')
    .action(
      action(async (id: string, task: string | undefined, { to, text, ...sending }: Options) => {
        return await sendMessage(updates.fork, id, { task, to, text }, sending);
      }),
    );
}
