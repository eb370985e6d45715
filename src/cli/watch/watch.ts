/**
 * `cox watch`: follows a refactor or an agent live, and asks the person at the terminal what it needs decided.
 * Rule: ending it leaves the run as it is.
 */
import type { Command } from 'commander';
import { queryRun, resultOf } from '../../client/refactors.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import { runQueries } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addExample, EXAMPLE_ID } from '../command/help.ts';
import { hasField } from '../command/query.ts';
import { askPerson } from '../person/ask-person.ts';
import { supervise } from '../person/supervise.ts';
import { superviseAgent } from '../person/watch-agent.ts';
import { interrupted } from '../stack/interrupted.ts';
import { withStack } from '../stack/open-stack.ts';

export function addWatch(program: Command, action: Action): void {
  const command = program
    .command('watch')
    .description('follow a refactor or an agent live, and decide at its prompts')
    .argument('<id>', 'the refactor, or one of its agents')
    .action(action(watch));
  addExample(command, [EXAMPLE_ID]);
}

async function watch(id: string): Promise<number> {
  return await withStack(async ({ client }, config) => {
    const interrupt = interrupted();
    const decide = process.stdin.isTTY ? { decide: askPerson } : {};
    const supervision = {
      client,
      id,
      by: config.user,
      say: console.log,
      hub: config,
      ...decide,
      signal: interrupt.signal,
    };
    const isAgent = !hasField(await queryRun(client, id, runQueries.status), 'goal');
    const status = await (isAgent ? superviseAgent(supervision) : supervise(supervision));
    interrupt.done();
    if (!status) return 130;
    if (isAgent) return 0;
    console.log(escapeForPeople((await resultOf(client, id)).report));
    return 0;
  });
}
