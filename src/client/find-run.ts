/**
 * Finds what a person means by `<id> [agent]`: a refactor or one of its agents, with the hub that has their commits.
 * Rule: an agent is named by its whole id, by what follows the refactor's id, or by its task; every command reads the
 * same names.
 */
import type { Client } from '@temporalio/client';
import { ClientFailure } from './client-failure.ts';
import { queryRun } from './refactors.ts';
import { agentIdsOf, nameOfAgent } from '../core/views/read-status.ts';
import type { RefactorStatus } from '../core/views/status.ts';
import type { HubSettings } from '../git/remote/hub-store.ts';
import { findMissingHub, openHubStore } from '../git/remote/hub-store.ts';
import type { Store } from '../git/store.ts';
import { refactorQueries } from '../workflows/messages.ts';

/** A refactor, and the agent that was meant, if one was. */
export interface FoundRun {
  status: RefactorStatus;
  agent: string | undefined;
}

/** An agent's id is its refactor's, its task's and the number of the attempt. */
export function isAgentId(id: string): boolean {
  return /\/[^/]+\.\d+$/.test(id);
}

/** Finds a run by its id; fails with the agents that there are if there is no such agent. */
export async function findRun(client: Client, id: string, agent?: string): Promise<FoundRun> {
  const isAgent = agent === undefined && isAgentId(id);
  const refactor = isAgentId(id) ? id.slice(0, id.lastIndexOf('/')) : id;
  const status = await queryRun(client, refactor, refactorQueries.status);
  const which = isAgent ? nameOfAgent(refactor, id) : agent;
  return { status, agent: which === undefined ? undefined : nameAgent(status, which) };
}

function nameAgent(status: RefactorStatus, which: string): string {
  const { id, tasks } = status;
  const name = nameOfAgent(id, which);
  const ofTask = tasks.find((task) => task.id === name)?.agent;
  const agent = ofTask ?? (/\.\d+$/.test(name) ? `${id}/${name}` : undefined);
  if (agent) return agent;
  const names = agentIdsOf(status)
    .map((one) => nameOfAgent(id, one))
    .join(', ');
  throw new ClientFailure('bad-input', `"${name}" is no task that an agent has begun; agents: ${names || 'none yet'}`);
}

/** The store that has a refactor's commits; fails with its path if it is not on this machine. */
export async function openRunStore(hub: HubSettings, { repository }: RefactorStatus): Promise<Store> {
  const missing = findMissingHub(hub, repository);
  if (missing !== undefined)
    throw new ClientFailure('failed', `the hub is not on this machine: there is no ${missing} (COXSWAIN_HUB)`);
  return await openHubStore(hub, repository);
}
