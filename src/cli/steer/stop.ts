/**
 * `cox stop`: ends a run in order.
 * Rule: what was done is kept; it can't be undone.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { sendToMany, takeOneOrMany } from '../command/many.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

export function addStop(program: Command, action: Action): void {
  const command = addVerb(program, updates.stop).argument('[reason]', 'shown to others');
  takeOneOrMany(command, action, {
    one: async (id, [reason], options) => await sendMessage(updates.stop, id, { reason }, options),
    many: async ([reason], options) => await sendToMany(updates.stop, { reason }, options),
  });
}
