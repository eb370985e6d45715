/**
 * `cox inbox`: everything that waits for a person over all refactors.
 * Rule: without a terminal nothing is decided: each line names the command that decides it, and the exit status is 1
 * while something waits.
 */
import type { Command } from 'commander';
import type { FleetFilter } from '../../client/fleet.ts';
import { fleetQuery } from '../../client/fleet.ts';
import { readInbox } from '../../client/inbox.ts';
import { safeJson } from '../../core/text/escape.ts';
import type { Action } from '../command/action.ts';
import { addFilters } from '../command/filters.ts';
import { addExample } from '../command/help.ts';
import type { AskedGroup, GroupChoice } from '../person/ask-group.ts';
import { askGroup } from '../person/ask-group.ts';
import { atTerminal } from '../person/ask-person.ts';
import { commandOf, showLines } from '../person/show-inbox.ts';
import { showUnasked, sit } from '../person/sit-inbox.ts';
import { withStack } from '../stack/open-stack.ts';

interface Options extends FleetFilter {
  json?: boolean;
  by?: string;
  signWith?: string;
}

export function addInbox(program: Command, action: Action): void {
  const command = addFilters(
    program
      .command('inbox')
      .description('all that waits for you over all refactors, alike decisions as one, the most urgent first'),
  )
    .option('--json', 'as JSON')
    .option('--by <name>', 'name of the sender: a claim, unless it is signed')
    .option('--sign-with <key>', 'sign each decision with this SSH key, in any case')
    .action(action(inbox));
  const open = fleetQuery({ team: 'blue' }, 'open');
  addExample(command, ['--team', 'blue'], [['temporal', 'workflow', 'list', '--query', open]]);
}

async function inbox({ json, by, signWith: key, ...filter }: Options): Promise<number> {
  return await withStack(async ({ client }, hub) => {
    if (process.stdin.isTTY && process.stdout.isTTY && !json) {
      const say = (line: string): void => console.log(line);
      return await sit({ client, hub, filter, by: by ?? hub.user, key, say, ask: askAtTerminal });
    }
    const read = await readInbox(client, filter, Date.now());
    const groups = read.groups.map((group) => ({
      ...group,
      items: group.items.map((item) => ({ ...item, command: commandOf(item) })),
    }));
    if (json) console.log(safeJson({ groups, unasked: read.unasked }, 2));
    else for (const line of [...showLines(read.groups, Date.now()), ...showUnasked(read)]) console.log(line);
    return read.items + read.unasked.length > 0 ? 1 : 0;
  });
}

async function askAtTerminal(asked: AskedGroup): Promise<GroupChoice> {
  return await atTerminal(
    async (read, pause) => await askGroup(read, { ...asked, look: asked.look && pause(asked.look) }),
  );
}
