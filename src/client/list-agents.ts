/**
 * Lists all agents that a refactor has had, the oldest first, also those that its status no longer names.
 * Rule: it asks Temporal's visibility store, which can be some seconds behind.
 */
import type { Client } from '@temporalio/client';

/** More agents than a refactor has in practice: each task, its repairs and forks. */
const MOST = 500;

export async function listAgentIds(client: Client, refactor: string): Promise<string[]> {
  const query = `WorkflowType = 'agent' AND WorkflowId STARTS_WITH '${refactor.replaceAll(/['\\]/g, '\\$&')}/'`;
  const found = new Map<string, number>();
  for await (const { workflowId, startTime } of client.workflow.list({ query })) {
    const at = found.get(workflowId) ?? startTime.getTime();
    found.set(workflowId, Math.min(at, startTime.getTime()));
    if (found.size >= MOST) break;
  }
  return [...found].toSorted(([, a], [, b]) => a - b).map(([id]) => id);
}
