/**
 * Reads everything that a person who watches a refactor sees: its status, its agents with what they do, and all logs.
 * Rule: an agent that does not answer is left out; the refactor itself has to answer.
 */
import type { Client } from '@temporalio/client';
import type { Control } from '../core/decisions/control.ts';
import { agentIdsOf, nameOfAgent } from '../core/views/read-status.ts';
import type { AgentStatus, RefactorStatus } from '../core/views/status.ts';
import { agentQueries, refactorQueries } from '../workflows/messages.ts';
import type { AgentNow } from './agent-now.ts';
import { pendingOf } from './agent-now.ts';
import { queryRun } from './refactors.ts';

/** What a person watches: the refactor, the agents at work, and their logs. */
export interface Snapshot {
  status: RefactorStatus;
  agents: AgentStatus[];
  /** Ids of the agents at work and of those whose work counts. An agent that ends is asked once more, for its last lines. */
  ids: string[];
  log: Control['log'];
  /** What the agents at work do now, by their ids. */
  now: ReadonlyMap<string, AgentNow>;
}

/**
 * Reads a refactor and its agents; agents that do not answer are left out. `before` is the last snapshot: agents that
 * have ended since are asked for their last lines.
 */
export async function readSnapshot(client: Client, id: string, before?: Pick<Snapshot, 'ids'>): Promise<Snapshot> {
  const [status, log] = [
    await queryRun(client, id, refactorQueries.status),
    await queryRun(client, id, refactorQueries.log),
  ];
  const working = status.agents?.map((agent) => agent.id) ?? [];
  const ids = agentIdsOf(status);
  const agents = await Promise.allSettled(ids.map((agent) => queryRun(client, agent, agentQueries.status)));
  const asked = [...new Set([...ids, ...(before?.ids ?? [])])];
  const logs = await Promise.allSettled(asked.map((agent) => queryRun(client, agent, agentQueries.log)));
  const lines = logs.flatMap((result, index) =>
    result.status === 'fulfilled'
      ? result.value.map(({ at, text }) => ({ at, text: `${nameOfAgent(id, asked[index] ?? '')} ${text}` }))
      : [],
  );
  const known = agents.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return {
    status,
    agents: known,
    ids,
    now: await withActivities(
      client,
      known.filter((agent) => working.includes(agent.id)),
    ),
    log: [...log, ...lines].toSorted((a, b) => a.at - b.at),
  };
}

async function withActivities(client: Client, agents: readonly AgentStatus[]): Promise<Snapshot['now']> {
  const looked = agents.map(async (status) => ({ status, activity: await pendingOf(client, status.id) }));
  const found = await Promise.allSettled(looked);
  return new Map(found.flatMap((one) => (one.status === 'fulfilled' ? [[one.value.status.id, one.value]] : [])));
}
