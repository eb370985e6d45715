/**
 * `cox resume`: lets a run go on after a pause or a hold.
 * Rule: its options replace only what made the run hold: a commit, the branch to deliver, or the setup.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { SendOptions } from '../command/verb.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

interface Options extends SendOptions {
  from?: string;
  branch?: string;
  setup?: string;
}

export function addResume(program: Command, action: Action): void {
  addVerb(program, updates.resume)
    .argument('[reason]', 'shown to others')
    .option('--from <commit>', "a commit of yours in the hub, whose files replace the agent's")
    .option('--branch <name>', 'another branch to deliver')
    .option('--setup <command>', 'another setup, where the one of the start failed')
    .action(
      action(async (id: string, reason: string | undefined, { from, branch, setup, ...sending }: Options) => {
        return await sendMessage(updates.resume, id, { reason, from, branch, setup }, sending);
      }),
    );
}
