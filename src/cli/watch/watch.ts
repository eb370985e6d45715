/**
 * `cox watch`: follows a refactor or an agent live and lets the person at the terminal decide: on the full screen, or
 * line by line in a pipe, in a terminal that can't move its cursor, and where that is asked for.
 * Rule: ending it leaves the run as it is.
 */
import type { Command } from 'commander';
import { queryRun, resultOf } from '../../client/refactors.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import type { AgentStatus, RefactorStatus } from '../../core/views/status.ts';
import { runQueries } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addExample, EXAMPLE_ID } from '../command/help.ts';
import { hasField } from '../command/query.ts';
import { askPerson } from '../person/ask-person.ts';
import { supervise } from '../person/supervise.ts';
import type { Supervision } from '../person/supervise.ts';
import { superviseAgent } from '../person/watch-agent.ts';
import type { ScreenSupervision } from '../screen/run-screen.ts';
import { interrupted } from '../stack/interrupted.ts';
import { withStack } from '../stack/open-stack.ts';

/** The smallest terminal that the full screen fits into. */
const SMALLEST = { columns: 40, rows: 10 };

export function addWatch(program: Command, action: Action): void {
  const command = program
    .command('watch')
    .description('follow a refactor or an agent live, and steer and decide by keys')
    .argument('<id>', 'the refactor, or one of its agents')
    .option('--lines', 'line by line instead of the full screen, as in a pipe')
    .action(action(async (id: string, { lines }: { lines?: boolean }) => await watch(id, lines === true)));
  addExample(command, [EXAMPLE_ID], [['temporal', 'workflow', 'describe', '--workflow-id', EXAMPLE_ID]]);
}

async function watch(id: string, wantsLines: boolean): Promise<number> {
  return await withStack(async ({ client }, config) => {
    const interrupt = interrupted();
    const supervision = { client, id, by: config.user, say: console.log, hub: config, signal: interrupt.signal };
    try {
      const status = await queryRun(client, id, runQueries.status);
      const refactor = hasField(status, 'goal') ? id : (status as AgentStatus).refactor;
      return !wantsLines && config.hasScreen && isLargeEnough() && refactor
        ? await watchOnScreen({ ...supervision, id: refactor }, id)
        : await watchLines(supervision, refactor === id);
    } finally {
      interrupt.done();
    }
  });
}

/** Whether there are keys, and a terminal with room for the screen. */
function isLargeEnough(): boolean {
  const { stdin, stdout } = process;
  return stdin.isTTY && stdout.isTTY && stdout.columns >= SMALLEST.columns && stdout.rows >= SMALLEST.rows;
}

async function watchOnScreen(supervision: ScreenSupervision, id: string): Promise<number> {
  // Loaded only here: no other command draws a screen.
  const { superviseOnScreen } = await import('../screen/run-screen.ts');
  const left = await superviseOnScreen(supervision, id === supervision.id ? undefined : `agent ${id}`);
  if (!left) return 130;
  if (left.by === 'end') return await printReport(supervision);
  console.log(`${escapeForPeople(supervision.id)} goes on: cox watch comes back to it`);
  return 0;
}

async function watchLines(supervision: Supervision, isRefactor: boolean): Promise<number> {
  const asking = { ...supervision, ...(process.stdin.isTTY ? { decide: askPerson } : {}) };
  const status: AgentStatus | RefactorStatus | undefined = await (isRefactor ? supervise : superviseAgent)(asking);
  if (!status) return 130;
  return isRefactor ? await printReport(supervision) : 0;
}

async function printReport({ client, id }: Pick<Supervision, 'client' | 'id'>): Promise<number> {
  console.log(escapeForPeople((await resultOf(client, id)).report));
  return 0;
}
