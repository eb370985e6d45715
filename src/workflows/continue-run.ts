/**
 * Continues a run as new, between two steps.
 * Rule: this is where a pinned run moves to another version of the worker, since the new run has no history to replay.
 */
import type { Workflow } from '@temporalio/common';
import { makeContinueAsNewFunc, patched, workflowInfo } from '@temporalio/workflow';
import type { Control } from '../core/decisions/control.ts';
import { openInRun } from '../core/decisions/open-decisions.ts';
import { canonicalRepository } from '../core/place.ts';
import { runMark, sealed } from '../core/sealed.ts';

/** The patch since which signed texts name the run in which a decision is open. */
const NAMES_PLACE = 'names-place';

/**
 * Names this run as the place where decisions are open, if the first run of the chain did. Only the texts to sign
 * depend on the run id, so that a run that was reset replays the same commands.
 */
export function nameRun<S extends { control: Control }>(state: S, repository: string, isContinued: boolean): S {
  if (isContinued ? !state.control.place : !patched(NAMES_PLACE)) return state;
  const { namespace, firstExecutionRunId: firstRun, runId: run } = workflowInfo();
  const place = { namespace, repository: canonicalRepository(repository), firstRun, run };
  return { ...state, control: openInRun(state.control, place) };
}

/**
 * Begins the next run with this state, sealed by this run. If the deployment has another current version, the next run
 * starts on it.
 */
export async function continueRun<F extends Workflow>(input: { state: unknown }): Promise<never> {
  const upgrades = workflowInfo().targetWorkerDeploymentVersionChanged;
  const next = makeContinueAsNewFunc<F>(upgrades ? { initialVersioningBehavior: 'AUTO_UPGRADE' } : {});
  const words = ['state', runMark(workflowInfo().runId)] as const;
  return await next(...([sealed(words, input)] as Parameters<F>));
}
