/**
 * `cox status`, `plan`, `decisions`, `spend` and `report`: what a run answers to each of these queries.
 * Rule: what a person reads is laid out for them, times in local time; `--json` gives the answer as the run gave it.
 */
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { agentNow, agentsNow } from '../../client/agent-now.ts';
import { queryRun } from '../../client/refactors.ts';
import type { Decision } from '../../core/decisions/control.ts';
import type { Spend } from '../../core/spend.ts';
import { escapeForPeople, safeJson } from '../../core/text/escape.ts';
import { showSpend } from '../../core/views/details.ts';
import type { AgentQueryResults, RefactorQueryResults } from '../../workflows/messages.ts';
import { refactorQueries } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { Render } from '../command/query.ts';
import { addQuery, hasField } from '../command/query.ts';
import { showAgent } from '../person/show-agent.ts';
import { showDecisions, showTaskOf } from '../person/show-decisions.ts';
import { showPlan, showStatus } from '../person/show.ts';

type QueryName = keyof RefactorQueryResults;

const RENDERS = {
  status: async (answer, { client, id }) => {
    if (!hasField(answer, 'goal')) return showAgent(await agentNow(client, id));
    const status = answer as RefactorQueryResults['status'];
    return showStatus(status, await agentsNow(client, status));
  },
  plan: (answer) => {
    if (answer === null) return 'there is no plan yet';
    return hasField(answer, 'plan')
      ? showPlan((answer as NonNullable<RefactorQueryResults['plan']>).plan, 'whole')
      : showTaskOf(answer as AgentQueryResults['plan']);
  },
  decisions: (answer) =>
    Array.isArray(answer)
      ? showDecisions(answer as Decision[])
      : showDecisions(Object.values(answer as RefactorQueryResults['decisions']).flat() as Decision[]),
  spend: (answer) => showSpend(answer as Spend),
  report: (answer) => (typeof answer === 'string' ? escapeForPeople(answer) : undefined),
} satisfies Partial<Record<QueryName, Render>>;

export function addQueries(program: Command, action: Action): void {
  for (const [name, render] of Object.entries(RENDERS)) addQuery(program, action, name as QueryName, render);
}

/** What a run answers to a query, as its command prints it. */
export async function showQuery(client: Client, id: string, name: QueryName): Promise<string> {
  const answer = await queryRun<unknown>(client, id, refactorQueries[name]);
  const render: Render | undefined = name in RENDERS ? RENDERS[name as keyof typeof RENDERS] : undefined;
  return (await render?.(answer, { client, id })) ?? safeJson(answer, 2);
}
