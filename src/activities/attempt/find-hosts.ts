/**
 * The hosts whose workers ask for the activities of a queue.
 * Rule: Temporal's word, some minutes old: one that has just ended may be among them, and one that has just begun not.
 */
import type { Context } from '@temporalio/activity';
import { hostOfIdentity } from '../../core/task-queues.ts';

/** Temporal's number for queues of activities (`temporal.api.enums.v1.TaskQueueType`). */
const ACTIVITY_QUEUE = 2;

/** Names of the hosts whose workers have asked for work in the last minutes. */
export async function findHosts({ info, client }: Context, queue: string): Promise<string[]> {
  const { pollers } = await client.connection.workflowService.describeTaskQueue({
    namespace: info.namespace,
    taskQueue: { name: queue },
    taskQueueType: ACTIVITY_QUEUE,
  });
  const hosts = (pollers ?? []).map(({ identity }) => hostOfIdentity(identity ?? ''));
  return [...new Set(hosts.filter((host) => host !== undefined))];
}
