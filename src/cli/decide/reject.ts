/**
 * `cox reject`: rejects a decision, with a note on what to change.
 * Rule: where no decision is named, the open one is shown, and a key at the terminal decides.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addVerb, sendMessage } from '../command/verb.ts';
import type { VerdictOptions } from './verdict.ts';
import { askVerdict, OPEN_ONE } from './verdict.ts';

export function addReject(program: Command, action: Action): void {
  addVerb(program, updates.reject)
    .argument('[decision]', OPEN_ONE)
    .option('--digest <digest>', 'digest of what you looked at; refused if it has changed since')
    .option('--note <text>', 'what should change')
    .action(
      action(async (id: string, decision: string | undefined, options: VerdictOptions) => {
        const { digest, note, ...sending } = options;
        if (decision !== undefined || digest !== undefined)
          return await sendMessage(updates.reject, id, { decision, digest, note }, sending);
        const shown = await askVerdict(updates.reject, id, sending);
        return shown ?? (await sendMessage(updates.reject, id, { note }, sending));
      }),
    );
}
