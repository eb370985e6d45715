/**
 * `cox web`: serves the pages of all runs, to look, steer and decide in a browser.
 * Rule: ending it leaves all runs as they are.
 */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Action } from '../command/action.ts';
import { addExample } from '../command/help.ts';
import { interrupted } from '../stack/interrupted.ts';
import { withStack } from '../stack/open-stack.ts';

export function addWeb(program: Command, action: Action): void {
  const command = program
    .command('web')
    .description('serve a page to look, steer and decide in a browser; its address is printed')
    .option('--port <n>', 'default: 8234, or a free one', readPort)
    .action(action(async ({ port }: { port?: number }) => await web(port)));
  addExample(command, []);
}

export function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('It takes a port, such as 8234.');
  return Number(text);
}

async function web(port: number | undefined): Promise<number> {
  return await withStack(async ({ client, address }, config) => {
    const interrupt = interrupted();
    const { openWeb } = await import('../../web/open-web.ts');
    const served = await openWeb(client, address, { ...config.web, port, user: config.user, hub: config });
    console.log(`Open this address in a browser of this machine; it lets in whoever has it:\n  ${served.url}`);
    await interrupt.happened;
    interrupt.done();
    await served.close();
    return 0;
  });
}
