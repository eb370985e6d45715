/**
 * `cox list`: the refactors that the server knows, one a line.
 * Rule: those that need a person come first, and ended ones stand apart.
 */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { Action } from '../command/action.ts';
import { addExample } from '../command/help.ts';
import { showList } from '../person/show-fleet.ts';
import type { SeeOptions } from './see-fleet.ts';
import { addSeeing, byTemporal, see } from './see-fleet.ts';

/** Ended runs under the open ones: what a day or two leaves. */
export const ENDED_SHOWN = 10;

export function addList(program: Command, action: Action): void {
  const command = addSeeing(
    program.command('list').description('refactors by what they need, with spend and trouble; ended ones apart'),
  )
    .addOption(new Option('--ended <count>', 'how many ended ones are shown').default(ENDED_SHOWN).argParser(readCount))
    .action(action(async ({ ended, ...options }: SeeOptions & { ended: number }) => await list(options, ended)));
  addExample(command, ['--team', 'blue'], [byTemporal({ team: 'blue' })]);
}

function readCount(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new InvalidArgumentError('Give a number.');
  return Number(value);
}

async function list(options: SeeOptions, ended: number): Promise<number> {
  return await see(options, { ended, draw: showList, asJson: ({ open, ended: past }) => ({ open, ended: past }) });
}
