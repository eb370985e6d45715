/**
 * `cox setup`: makes a Temporal ready for runs: search attributes, the janitor's schedule, a look at the keys.
 * Rule: it can be run again at any time; what is there already stays.
 */
import type { Command } from 'commander';
import { scheduleJanitor } from '../../client/schedule-janitor.ts';
import { registerCommand, registerSearchAttributes } from '../../client/search-attributes.ts';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import type { Action } from '../command/action.ts';
import { addExample } from '../command/help.ts';
import { lookAtSeal } from './seal.ts';
import { attach, StackError } from '../stack/open-stack.ts';

const say = (line: string): void => console.log(line);

export function addSetup(program: Command, action: Action): void {
  const command = program
    .command('setup')
    .description('register the search attributes and the janitor on your own Temporal')
    .action(action(async () => await setUp(readConfig())));
  addExample(command, []);
}

/** Registers the search attributes and the janitor on a configured Temporal, or on the running embedded one. */
async function setUp(config: Config): Promise<number> {
  const stack = await attach(config);
  if (!stack)
    throw new StackError(
      'nothing to set up: the embedded stack registers its search attributes itself; for another Temporal set TEMPORAL_ADDRESS',
    );
  try {
    const wrong = await registerSearchAttributes(stack.connection, stack.namespace);
    for (const attribute of wrong) {
      console.error(
        `${attribute.name} exists with another type; remove it, then run: ${registerCommand(attribute, stack.namespace)}`,
      );
    }
    if (wrong.length === 0) say(`search attributes are registered at ${escapeForPeople(stack.address)}`);
    say(`the janitor runs every day: schedule ${await scheduleJanitor(stack.client, config.taskQueue)}`);
    const keys = await lookAtSeal(config);
    (keys.ok ? say : console.error)(`the workers' keys: ${escapeForPeople(keys.text)}`);
    return wrong.length === 0 && keys.ok ? 0 : 1;
  } finally {
    await stack.stop();
  }
}
