/**
 * `cox up`: keeps the embedded stack running.
 * Rule: it ends in order, and the runs on it go on when it is brought up again.
 */
import type { Command } from 'commander';
import { scheduleJanitor } from '../../client/schedule-janitor.ts';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import type { Action } from '../command/action.ts';
import { addExample, GOAL_OF_EXAMPLE } from '../command/help.ts';
import { interrupted } from '../stack/interrupted.ts';
import type { Web } from '../../web/open-web.ts';
import { StackError } from '../stack/open-stack.ts';
import { ownLine } from '../stack/own-line.ts';

const say = (line: string): void => console.log(line);

export function addUp(program: Command, action: Action): void {
  const command = program
    .command('up')
    .description('keep the embedded stack running: Temporal server, worker, model')
    .action(action(async () => await up(readConfig())));
  addExample(command, []);
}

/** Keeps the embedded stack running until it is interrupted. */
async function up(config: Config): Promise<number> {
  if (config.temporal) {
    throw new StackError(
      `Temporal at ${config.temporal.address} is configured: run "cox worker" there, or unset it for the embedded stack`,
    );
  }
  const interrupt = interrupted();
  const { bringUp } = await import('../stack/bring-up.ts');
  const stack = await bringUp(config, say);
  let web: Web | undefined;
  try {
    const { openWeb } = await import('../../web/open-web.ts');
    web = await openWeb(stack.client, stack.address, { ...config.web, user: config.user, hub: config });
    await scheduleJanitor(stack.client, config.taskQueue);
    say(
      `Coxswain is up. Temporal ${stack.address} · UI ${stack.uiUrl ?? ''} · model ${stack.model} · state ${config.stateDir}`,
    );
    say('Look, steer and decide in a browser of this machine; the address lets in whoever has it:');
    say(`  ${web.url}`);
    say('Start something from another terminal, in a git repository of yours:');
    say(`  ${ownLine(config, ['run', '.', GOAL_OF_EXAMPLE])}`);
    const why = await Promise.race([interrupt.happened, stack.ended]);
    if (why === undefined) return 0;
    console.error(why);
    return 1;
  } finally {
    interrupt.done();
    await web?.close();
    await stack.stop();
  }
}
