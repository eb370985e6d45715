/**
 * `cox fleet`: sums over all open refactors, by state, need, team, campaign and repository.
 * Rule: the runs that need a look stand below the sums.
 */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Grouping } from '../../client/fleet-sums.ts';
import { groupFleet, GROUPINGS } from '../../client/fleet-sums.ts';
import type { Action } from '../command/action.ts';
import { addExample } from '../command/help.ts';
import type { Shown } from '../person/show-fleet.ts';
import { showFleet } from '../person/show-fleet.ts';
import type { SeeOptions } from './see-fleet.ts';
import { addSeeing, byTemporal, see } from './see-fleet.ts';

export function addFleet(program: Command, action: Action): void {
  const command = addSeeing(
    program.command('fleet').description('sums over all open refactors, and which ones need a look'),
  )
    .addOption(new Option('--by <what>', 'one table only').choices(GROUPINGS))
    .action(action(async ({ by, ...options }: SeeOptions & { by?: Grouping }) => await fleet(options, by)));
  addExample(command, ['--by', 'team'], [byTemporal({})]);
}

async function fleet(options: SeeOptions, by: Grouping | undefined): Promise<number> {
  const sums = ({ open, now }: Shown) =>
    (by === undefined ? GROUPINGS : [by]).map((one) => [one, groupFleet(open, one, now)] as const);
  return await see(options, {
    ended: 0,
    draw: (shown) => showFleet(sums(shown), shown),
    asJson: (shown) => Object.fromEntries(sums(shown)),
  });
}
