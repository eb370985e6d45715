/**
 * `cox status`, `plan`, `decisions`, `spend`, `log` and `report`: what a run answers to each of these queries.
 * Rule: what a person reads of a refactor is laid out for them; every other answer is JSON.
 */
import type { Command } from 'commander';
import { agentNow, agentsNow } from '../../client/agent-now.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import { asLine as safe } from '../../core/text/lines.ts';
import type { RefactorQueryResults } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addQuery, hasField } from '../command/query.ts';
import { showAgent } from '../person/show-agent.ts';
import { showPlan, showStatus } from '../person/show.ts';

export function addQueries(program: Command, action: Action): void {
  addQuery(program, action, 'status', async (answer, { client, id }) => {
    if (!hasField(answer, 'goal')) return showAgent(await agentNow(client, id));
    const status = answer as RefactorQueryResults['status'];
    return showStatus(status, await agentsNow(client, status));
  });
  addQuery(program, action, 'plan', (answer) =>
    hasField(answer, 'plan')
      ? showPlan((answer as NonNullable<RefactorQueryResults['plan']>).plan, 'whole')
      : undefined,
  );
  addQuery(program, action, 'decisions');
  addQuery(program, action, 'spend');
  addQuery(program, action, 'log', (answer) =>
    Array.isArray(answer) ? showLog(answer as RefactorQueryResults['log']) : undefined,
  );
  addQuery(program, action, 'report', (answer) => (typeof answer === 'string' ? escapeForPeople(answer) : undefined));
}

function showLog(log: RefactorQueryResults['log']): string {
  return log.map(({ at, text }) => `${new Date(at).toISOString()} ${safe(text)}`).join('\n');
}
