/**
 * Workflows of an attacker with its own task queue in the namespace: they try to use our workers.
 * Rule: they use none of our code, only our names.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  condition,
  defineQuery,
  makeContinueAsNewFunc,
  proxyActivities,
  setHandler,
  startChild,
} from '@temporalio/workflow';

/** As text, since the attacker's own converter would send a raw payload instead of passing it on. */
type Sent = string;

interface Asked {
  activity: string;
  taskQueue: string;
  activityId?: string;
  inputs: Sent;
}

/** Calls one of our activities; returns its result, or the type and message of its failure. */
export async function asks({ activity, taskQueue, activityId, inputs }: Asked): Promise<unknown> {
  const activities = proxyActivities<Record<string, (...args: unknown[]) => Promise<unknown>>>({
    taskQueue,
    startToCloseTimeout: '30 seconds',
    retry: { maximumAttempts: 2 },
    ...(activityId === undefined ? {} : { activityId }),
  });
  try {
    return { answer: await activities[activity]?.(...(JSON.parse(inputs) as unknown[])) };
  } catch (error) {
    if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) throw error;
    return { type: error.cause.type, message: error.cause.message };
  }
}

/** Continues as new, as one of our workflows. */
export async function becomes(workflowType: string, taskQueue: string, input: Sent): Promise<never> {
  return await makeContinueAsNewFunc({ workflowType, taskQueue })(JSON.parse(input) as never);
}

/** Starts one of our workflows as its child. */
export async function raises(
  workflowType: string,
  taskQueue: string,
  workflowId: string,
  input: Sent,
): Promise<unknown> {
  const child = await startChild(workflowType, { taskQueue, workflowId, args: [JSON.parse(input)] });
  return await child
    .result()
    .catch((error: Error) => ({ message: String(error.cause instanceof Error ? error.cause.message : error) }));
}

/** Answers queries with the given results: by name, as JSON. */
export async function pretends(answers: Sent): Promise<void> {
  for (const [name, answer] of Object.entries(JSON.parse(answers) as Record<string, unknown>))
    setHandler(defineQuery(name), () => answer);
  await condition(() => false);
}
