/**
 * The command `cox log`: what happened, of a refactor with the lines of its agents; with `--follow`, as it happens.
 * Rule: it only reads. A line of an agent begins with the agent's name.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { listAgentIds } from '../../client/list-agents.ts';
import { queryRun } from '../../client/refactors.ts';
import { QUERY_NOTES } from '../../core/decisions/message-notes.ts';
import type { LogLine } from '../../core/decisions/control.ts';
import { safeJson } from '../../core/text/escape.ts';
import { asLine as safe } from '../../core/text/lines.ts';
import { nameOfAgent } from '../../core/views/read-status.ts';
import { runQueries } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addExample, EXAMPLE_ID } from '../command/help.ts';
import { hasField } from '../command/query.ts';
import { showTime } from '../person/show-time.ts';
import { interrupted } from '../stack/interrupted.ts';
import { withStack } from '../stack/open-stack.ts';

/** Between two looks; the log is read by a few queries. */
const POLL_MS = 1000;

interface Options {
  json?: boolean;
  follow?: boolean;
  own?: boolean;
}

export function addLogCommand(program: Command, action: Action): void {
  const command = program
    .command('log')
    .description(QUERY_NOTES.log)
    .argument('<id>', 'the refactor, or one of its agents')
    .option('-f, --follow', 'go on with new lines until it ends')
    .option('--own', "without the agents' lines")
    .option('--json', 'the answer to the query, as JSON')
    .action(action(async (id: string, options: Options) => await log(id, options)));
  const same = ['temporal', 'workflow', 'query', '--workflow-id', EXAMPLE_ID, '--type', 'log'];
  addExample(command, [EXAMPLE_ID, '--follow'], [same]);
}

async function log(id: string, { json, follow, own }: Options): Promise<number> {
  return await withStack(async ({ client }) => {
    if (json) {
      console.log(safeJson(await queryRun(client, id, runQueries.log), 2));
      return 0;
    }
    const interrupt = interrupted();
    const said = new Set<string>();
    for (;;) {
      // Asked before the log is read: the last look comes after the end, so that no line is missed.
      const hasEnded = !follow || (await isOver(client, id));
      for (const line of await readLog(client, id, own === true)) {
        if (said.has(line)) continue;
        said.add(line);
        console.log(line);
      }
      if (hasEnded || interrupt.signal.aborted) break;
      await wait(POLL_MS, undefined, { signal: interrupt.signal }).catch(() => undefined);
    }
    interrupt.done();
    return interrupt.signal.aborted ? 130 : 0;
  });
}

async function isOver(client: Client, id: string): Promise<boolean> {
  return (await client.workflow.getHandle(id).describe()).status.name !== 'RUNNING';
}

/** The lines of a run, for a refactor with those of its agents, in the order of time. */
async function readLog(client: Client, id: string, own: boolean): Promise<string[]> {
  const isRefactor = hasField(await queryRun(client, id, runQueries.status), 'goal');
  const agents = isRefactor && !own ? await listAgentIds(client, id) : [];
  const runs = [{ run: id, name: '' }, ...agents.map((run) => ({ run, name: `${nameOfAgent(id, run)} ` }))];
  const read = runs.map(async ({ run, name }) =>
    (await queryRun(client, run, runQueries.log)).map((line: LogLine) => ({ ...line, name })),
  );
  const [first, ...others] = await Promise.allSettled(read);
  // An agent that does not answer is left out; the run itself has to.
  if (first?.status === 'rejected') throw first.reason;
  const lines = [first, ...others].flatMap((one) => (one?.status === 'fulfilled' ? one.value : []));
  return lines.toSorted((a, b) => a.at - b.at).map(({ at, name, text }) => `${showTime(at)} ${safe(name + text)}`);
}
