/**
 * The hosts whose workers poll a task queue for activities.
 * Rule: Temporal's list is some minutes old. It may name a host that has just ended and miss one that has just started.
 */
import type { Context } from '@temporalio/activity';
import { hostOfIdentity } from '../../core/task-queues.ts';

/** Temporal's number for queues of activities (`temporal.api.enums.v1.TaskQueueType`). */
const ACTIVITY_QUEUE = 2;

/** Names of the hosts whose workers polled the queue in the last minutes. */
export async function findHosts({ info, client }: Context, queue: string): Promise<string[]> {
  const { pollers } = await client.connection.workflowService.describeTaskQueue({
    namespace: info.namespace,
    taskQueue: { name: queue },
    taskQueueType: ACTIVITY_QUEUE,
  });
  const hosts = (pollers ?? []).map(({ identity }) => hostOfIdentity(identity ?? ''));
  return [...new Set(hosts.filter((host) => host !== undefined))];
}
