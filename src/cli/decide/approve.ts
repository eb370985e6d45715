/**
 * `cox approve`: approves a decision, or a part of what was changed.
 * Rule: where no decision is named, the open one is shown, and a key at the terminal decides.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addVerb, sendMessage } from '../command/verb.ts';
import { readPaths } from '../person/ask-person.ts';
import type { VerdictOptions } from './verdict.ts';
import { askVerdict, OPEN_ONE } from './verdict.ts';

export function addApprove(program: Command, action: Action): void {
  addVerb(program, updates.approve)
    .argument('[decision]', OPEN_ONE)
    .option('--digest <digest>', 'digest of what you looked at; refused if it has changed since')
    .option('--note <text>', 'why')
    .option(
      '--leave-out <paths>',
      'changed files that are not kept, while the rest is: paths and globs, separated by commas',
    )
    .action(
      action(async (id: string, decision: string | undefined, options: VerdictOptions & { leaveOut?: string }) => {
        const { digest, note, leaveOut, ...sending } = options;
        const paths = leaveOut === undefined ? {} : { leaveOut: readPaths(leaveOut) };
        if (decision !== undefined || digest !== undefined || leaveOut !== undefined)
          return await sendMessage(updates.approve, id, { decision, digest, note, ...paths }, sending);
        const shown = await askVerdict(updates.approve, id, sending);
        return shown ?? (await sendMessage(updates.approve, id, { note }, sending));
      }),
    );
}
