/**
 * How a run ends in Temporal: it continues as new, between two steps, or as Cancelled, after it has stored its work.
 * Rule: a new run is where a pinned one moves to another version of the worker, since it has no history to replay. Only
 * the run that was asked to cancel can end as Cancelled, so it does not continue as new.
 */
import type { Workflow } from '@temporalio/common';
import { makeContinueAsNewFunc, patched, workflowInfo } from '@temporalio/workflow';
import type { Control } from '../core/decisions/control.ts';
import { openInRun } from '../core/decisions/open-decisions.ts';
import { canonicalRepository } from '../core/place.ts';
import { runMark, sealed } from '../core/sealed.ts';

/** About 300 steps. Replaying more takes seconds, at 0.8 ms per event. */
const MAX_HISTORY_EVENTS = 4000;
/** A run that has just begun does not continue as new, or else it could do so without end. */
const FRESH_HISTORY_EVENTS = 5;

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

/**
 * Whether the run should continue as new between the next two steps: its history is long, or its worker's version is
 * old.
 */
export function isContinueDue(): boolean {
  const { continueAsNewSuggested, historyLength, targetWorkerDeploymentVersionChanged } = workflowInfo();
  if (targetWorkerDeploymentVersionChanged && historyLength > FRESH_HISTORY_EVENTS) return true;
  return continueAsNewSuggested || historyLength > MAX_HISTORY_EVENTS;
}

/** The patch since which cancelled runs end as Cancelled. */
const ENDS_CANCELLED = 'ends-cancelled';

/** Decides how a new run will end when it is cancelled. */
export function beginEnding<S extends { endsCancelled?: true }>(state: S): S {
  return patched(ENDS_CANCELLED) ? { ...state, endsCancelled: true } : state;
}

export function endsCancelled({
  endsCancelled: ends,
  outcome,
}: {
  endsCancelled?: true;
  outcome: object | null;
}): boolean {
  return ends === true && outcome !== null && 'cancelled' in outcome;
}
