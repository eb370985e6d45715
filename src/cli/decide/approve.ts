/**
 * `cox approve`: approves a decision, or a part of what was changed.
 * Rule: where no decision is named, the open one is shown, and a key at the terminal decides.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { ManyOptions } from '../command/many.ts';
import { takeOneOrMany } from '../command/many.ts';
import { addVerb, sendMessage } from '../command/verb.ts';
import { readPaths } from '../person/ask-person.ts';
import { StackError } from '../stack/open-stack.ts';
import { decideMany } from './decide-many.ts';
import type { VerdictOptions } from './verdict.ts';
import { askVerdict, OPEN_ONE } from './verdict.ts';

type Options = VerdictOptions & ManyOptions & { leaveOut?: string };

export function addApprove(program: Command, action: Action): void {
  const command = addVerb(program, updates.approve)
    .argument('[decision]', OPEN_ONE)
    .option('--digest <digest>', 'digest of what you looked at; refused if it has changed since')
    .option('--note <text>', 'why')
    .option(
      '--leave-out <paths>',
      'changed files that are not kept, while the rest is: paths and globs, separated by commas',
    );
  takeOneOrMany<Options>(command, action, { one: approveOne, many: approveMany });
}

async function approveOne(id: string, [decision]: (string | undefined)[], options: Options): Promise<number> {
  const { digest, note, leaveOut, ...sending } = options;
  const paths = leaveOut === undefined ? {} : { leaveOut: readPaths(leaveOut) };
  if (decision !== undefined || digest !== undefined || leaveOut !== undefined)
    return await sendMessage(updates.approve, id, { decision, digest, note, ...paths }, sending);
  const shown = await askVerdict(updates.approve, id, sending);
  return shown ?? (await sendMessage(updates.approve, id, { note }, sending));
}

async function approveMany([decision]: (string | undefined)[], options: Options): Promise<number> {
  const { digest, note, leaveOut, ...rest } = options;
  if (digest !== undefined || leaveOut !== undefined)
    throw new StackError('a digest, and what is left out, are of one decision: name its run');
  const fields = note === undefined ? {} : { note };
  return await decideMany({ verb: 'approve', fields, named: decision, options: rest });
}
