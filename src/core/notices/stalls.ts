/**
 * When a refactor stands still: nothing has moved for longer than its kind of work usually takes, and no person is
 * waited for.
 * Rule: one definition for lists of runs and for notices.
 */
import { digestValue } from '../digest.ts';
import type { RefactorState } from '../refactor/state.ts';
import { listAllOpen } from '../refactor/work.ts';

const MINUTE_MS = 60_000;
const LONGER_MS: Record<string, number> = {
  // A setup may take half an hour, and the checks of the base come after it.
  preparing: 60 * MINUTE_MS,
  checking: 60 * MINUTE_MS,
};
/** A model call and a command take minutes. */
const STEP_MS = 20 * MINUTE_MS;

/** The longest usual time without progress in a state that `status` shows. */
export function usualMsOf(state: string): number {
  return LONGER_MS[state] ?? STEP_MS;
}

/** Whether work should move by itself now. */
export function isAtWork(state: RefactorState): boolean {
  const isHeld = state.control.paused || state.hold || state.agents.some(({ report }) => report?.hold);
  return !state.outcome && !isHeld && listAllOpen(state).length === 0;
}

/** Differs after each step, integration, check and plan. */
export function progressOf({ phase, agents, integrations, evidenceFor, plan, tasks }: RefactorState): string {
  const steps = agents.map(({ id, report }) => [id, report?.steps ?? 0, report?.head ?? null]);
  const states = tasks.map(({ status }) => status);
  return digestValue([phase, steps, integrations, evidenceFor, plan?.digest ?? null, states]).slice(0, 16);
}
