/**
 * Names of the task queues, derived from the one that a workflow is started on.
 * Rule: model calls and commands have queues of their own, so that a host with the model's key need not run commands.
 */

/** The default queue: workflows, and activities that need neither model nor workspace. */
export const TASK_QUEUE = 'coxswain';

/** The queue of model calls. */
export function modelQueue(taskQueue: string): string {
  return `${taskQueue}-model`;
}

/** The queue of commands and checks. */
export function workspaceQueue(taskQueue: string): string {
  return `${taskQueue}-workspace`;
}

/** The queue of one host's workspaces. An agent stays on the host that has its files. */
export function hostQueue(taskQueue: string, host: string): string {
  return `${workspaceQueue(taskQueue)}@${host}`;
}

/** Whether only one host serves a queue. */
export function isHostQueue(queue: string): boolean {
  return queue.includes('-workspace@');
}

/** The identity of a worker's pollers. People read it in Temporal's UI, and the janitor reads the host from it. */
export function nameWorker(worker: { pid: number; machine: string; host: string }): string {
  return `${worker.pid}@${worker.machine}/${worker.host}`;
}

/** The host in an identity; undefined if another program's worker has it. */
export function hostOfIdentity(identity: string): string | undefined {
  return /^\d+@[^/]*\/([0-9a-z]+)$/.exec(identity)?.[1];
}
