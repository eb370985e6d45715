/**
 * The results of a run's queries: its state as views for people.
 * Rule: nothing here changes a state. Results are escaped once more, since the state of an older run may hold text that
 * was not escaped when it came in.
 */
import type { QueryDefinition } from '@temporalio/common';
import { setHandler } from '@temporalio/workflow';
import type { AgentState } from '../core/agent/state.ts';
import { QUERY_NOTES } from '../core/decisions/message-notes.ts';
import { listAllOpen } from '../core/refactor/work.ts';
import type { RefactorState } from '../core/refactor/state.ts';
import { renderReport } from '../core/views/report.ts';
import { harmless } from '../core/text/harmless.ts';
import { needOf, viewAgent, viewRefactor } from '../core/views/status.ts';
import type { AgentQueryResults, RefactorQueryResults } from './messages.ts';
import { agentQueries, refactorQueries } from './messages.ts';

type Views<S, A> = { readonly [N in keyof A]: (state: S) => A[N] };

const REFACTOR_QUERIES: Views<RefactorState, RefactorQueryResults> = {
  status: viewRefactor,
  plan: ({ plan }) => plan,
  decisions: (state) => ({
    open: listAllOpen(state).map((decision) => ({
      ...decision,
      ...needOf(state, decision),
    })),
    closed: state.control.decisions.filter(({ closed }) => closed),
  }),
  spend: ({ spend }) => spend,
  reviews: ({ reviews }) => reviews,
  policy: ({ policy }) => policy,
  log: ({ control }) => control.log,
  report: renderReport,
};

const AGENT_QUERIES: Views<AgentState, AgentQueryResults> = {
  status: viewAgent,
  plan: ({ spec: { task, instructions, paths, checks } }) => ({ task, instructions, paths, checks }),
  decisions: ({ control }) => control.decisions,
  spend: ({ spend }) => spend,
  policy: ({ spec }) => spec.policy,
  reviews: ({ reviews }) => reviews,
  log: ({ control }) => control.log,
};

export function handleRefactorQueries(read: () => RefactorState): void {
  answerAll(read, refactorQueries, REFACTOR_QUERIES);
}

export function handleAgentQueries(read: () => AgentState): void {
  answerAll(read, agentQueries, AGENT_QUERIES);
}

function answerAll<S, A extends object>(
  read: () => S,
  queries: { readonly [N in keyof A]: QueryDefinition<A[N]> },
  views: Views<S, A>,
): void {
  for (const name of Object.keys(views) as (keyof A & keyof typeof QUERY_NOTES)[]) {
    const answer = (...inputs: unknown[]): unknown => {
      if (inputs.some((input) => input !== null && input !== undefined))
        throw new Error(`the query ${name} takes no input: leave it out`);
      return harmless(views[name](read()));
    };
    const query = queries[name] as QueryDefinition<unknown, unknown[]>;
    setHandler(query, answer, { description: QUERY_NOTES[name] });
  }
}
