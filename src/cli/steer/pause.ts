/**
 * `cox pause`: lets a run start no more steps, until it is resumed.
 * Rule: what runs just now is not cut short.
 */
import type { Command } from 'commander';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { sendToMany, takeOneOrMany } from '../command/many.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

export function addPause(program: Command, action: Action): void {
  const command = addVerb(program, updates.pause).argument('[reason]', 'shown to others');
  takeOneOrMany(command, action, {
    one: async (id, [reason], options) => await sendMessage(updates.pause, id, { reason }, options),
    many: async ([reason], options) => await sendToMany(updates.pause, { reason }, options),
  });
}
