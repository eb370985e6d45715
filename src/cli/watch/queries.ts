/**
 * `cox status`, `plan`, `decisions`, `spend` and `report`: what a run answers to each of these queries.
 * Rule: what a person reads is laid out for them, times in local time; `--json` gives the answer as the run gave it.
 */
import type { Command } from 'commander';
import { agentNow, agentsNow } from '../../client/agent-now.ts';
import type { Decision } from '../../core/decisions/control.ts';
import type { Spend } from '../../core/spend.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import { showSpend } from '../../core/views/details.ts';
import type { AgentQueryResults, RefactorQueryResults } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addQuery, hasField } from '../command/query.ts';
import { showAgent } from '../person/show-agent.ts';
import { showDecisions, showTaskOf } from '../person/show-decisions.ts';
import { showPlan, showStatus } from '../person/show.ts';

export function addQueries(program: Command, action: Action): void {
  addQuery(program, action, 'status', async (answer, { client, id }) => {
    if (!hasField(answer, 'goal')) return showAgent(await agentNow(client, id));
    const status = answer as RefactorQueryResults['status'];
    return showStatus(status, await agentsNow(client, status));
  });
  addQuery(program, action, 'plan', (answer) => {
    if (answer === null) return 'there is no plan yet';
    return hasField(answer, 'plan')
      ? showPlan((answer as NonNullable<RefactorQueryResults['plan']>).plan, 'whole')
      : showTaskOf(answer as AgentQueryResults['plan']);
  });
  addQuery(program, action, 'decisions', (answer) =>
    Array.isArray(answer)
      ? showDecisions(answer as Decision[])
      : showDecisions(Object.values(answer as RefactorQueryResults['decisions']).flat() as Decision[]),
  );
  addQuery(program, action, 'spend', (answer) => showSpend(answer as Spend));
  addQuery(program, action, 'report', (answer) => (typeof answer === 'string' ? escapeForPeople(answer) : undefined));
}
