/**
 * Continues a run as new, at a boundary between steps.
 * Rule: here a pinned run moves to another version of the worker: with a fresh history, there is nothing to replay.
 */
import type { Workflow } from '@temporalio/common';
import { makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow';

/** Begins the next run with this input: on the deployment's current version where that is another one. */
export async function continueRun<F extends Workflow>(...input: Parameters<F>): Promise<never> {
  const upgrades = workflowInfo().targetWorkerDeploymentVersionChanged;
  const next = makeContinueAsNewFunc<F>(upgrades ? { initialVersioningBehavior: 'AUTO_UPGRADE' } : {});
  return await next(...input);
}
