/**
 * `describeAgents`: what Temporal knows of agents that have not reported to their refactor for a while.
 * Rule: it only reads. An agent that Temporal does not know is returned as `missing`.
 */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { AgentDescription, AgentResult } from '../../core/agent/state.ts';
import { openSeal } from '../../core/sealed.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';

export async function describeAgents(ids: string[]): Promise<AgentDescription[]> {
  return await withHeartbeats(async () => await Promise.all(ids.map(describeAgent)));
}

async function describeAgent(id: string): Promise<AgentDescription> {
  const handle = Context.current().client.workflow.getHandle(id);
  try {
    const { status } = await handle.describe();
    if (status.name === 'RUNNING') return { id, found: 'running', result: null };
    if (status.name !== 'COMPLETED') return { id, found: 'closed', result: null };
    const opened = openSeal(await handle.result());
    const company = opened.kind === 'sealed' && opened.words[0] === 'outcome' ? opened.words[1] : undefined;
    return { id, found: 'closed', result: opened.value as AgentResult, ...(company === undefined ? {} : { company }) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { id, found: 'missing', result: null };
    throw error;
  }
}
