/**
 * Workflows of a stranger: they act on Coxswain's queues and runs as their input says.
 * Rule: they import nothing of Coxswain; a stranger has only what Temporal gives to every worker.
 */
import { getExternalWorkflowHandle, makeContinueAsNewFunc, proxyActivities, startChild } from '@temporalio/workflow';

/** Schedules one activity of any type on any queue; returns its result, or its failure's message. */
export async function callActivity(input: { type: string; queue: string; args: unknown[] }): Promise<unknown> {
  const activities = proxyActivities<Record<string, (...args: unknown[]) => Promise<unknown>>>({
    taskQueue: input.queue,
    startToCloseTimeout: '1 minute',
    retry: { maximumAttempts: 1 },
  });
  return (await activities[input.type]?.(...input.args)) ?? null;
}

/** Continues as new as another workflow type on another queue. */
export async function continueAs(input: { type: string; queue: string; args: unknown[] }): Promise<void> {
  await makeContinueAsNewFunc<(...args: unknown[]) => Promise<void>>({
    workflowType: input.type,
    taskQueue: input.queue,
  })(...input.args);
}

/** Starts a child of any type on any queue and abandons it. */
export async function startChildAs(input: {
  type: string;
  queue: string;
  id: string;
  args: unknown[];
}): Promise<string> {
  const child = await startChild(input.type, {
    taskQueue: input.queue,
    workflowId: input.id,
    args: input.args,
    parentClosePolicy: 'ABANDON',
  });
  return child.firstExecutionRunId;
}

/** Signals any workflow. */
export async function signalAs(input: { id: string; name: string; args: unknown[] }): Promise<void> {
  await getExternalWorkflowHandle(input.id).signal(input.name, ...input.args);
}
