/**
 * `cox mcp`: a server of the Model Context Protocol, by which other AIs see, steer and decide within what policy gives
 * them.
 * Rule: over stdio, standard output carries the protocol and nothing else.
 */
import type { Command } from 'commander';
import type { Action } from '../command/action.ts';
import { addExample } from '../command/help.ts';
import { readPort } from '../watch/web.ts';
import { interrupted } from '../stack/interrupted.ts';
import { withStack } from '../stack/open-stack.ts';
import { ownLine } from '../stack/own-line.ts';

interface Options {
  as?: string;
  signWith?: string;
  http?: boolean;
  port?: number;
}

/** The tools take their descriptions from all commands, which `loadAll` gives. */
export function addMcp(program: Command, action: Action, loadAll: () => Promise<Command>): void {
  const command = program
    .command('mcp')
    .description('serve the verbs to other AIs by the Model Context Protocol')
    .option('--as <name>', "the AI's own name, to which policy can give rights; default: yours and +mcp")
    .option('--sign-with <key>', "the AI's own SSH key, where policy counts only signed messages")
    .option('--http', 'over HTTP on this machine, to clients with the token; else over standard input and output')
    .option('--port <n>', 'with --http; default: 8235, or a free one', readPort)
    .action(action(async (options: Options) => await mcp(await loadAll(), options)));
  addExample(command, ['--as', 'helper']);
}

async function mcp(program: Command, { as, signWith: key, http, port }: Options): Promise<number> {
  return await withStack(async ({ client }, config) => {
    const { user } = config;
    const [{ createFactory }, { ShownDecisions }] = await Promise.all([
      import('./create-factory.ts'),
      import('./tool-context.ts'),
    ]);
    const describe = (name: string): string =>
      program.commands.find((command) => command.name() === name)?.description() ?? name;
    const line = (words: readonly string[]): string => ownLine(config, words);
    const context = {
      client,
      hub: config,
      taskQueue: config.taskQueue,
      actor: as ?? `${user}+mcp`,
      user,
      key,
      shown: new ShownDecisions(),
      describe,
      line,
    };
    const factory = createFactory(context);
    const onError = ({ message }: Error): void => console.error(`cox mcp: ${message}`);
    const interrupt = interrupted();
    if (http) {
      const { serveHttp } = await import('./serve-http.ts');
      const { url, token, close } = await serveHttp(factory, { port, token: config.mcpToken, onError });
      console.log(`MCP at ${url}, to clients of this machine that send:\n  Authorization: Bearer ${token}`);
      await interrupt.happened;
      await close();
    } else {
      const { serveStdio } = await import('@modelcontextprotocol/server/stdio');
      const served = serveStdio(factory, { onerror: onError });
      const left = new Promise<void>((done) => process.stdin.once('close', done).once('end', done));
      await Promise.race([interrupt.happened, left]);
      await served.close();
    }
    interrupt.done();
    return 0;
  });
}
