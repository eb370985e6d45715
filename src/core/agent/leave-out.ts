/**
 * What a person leaves out of what an act did, or of a task's result: named files are put back to how they were before
 * it, the rest is kept.
 * Rule: leaving out makes less of what was asked about, never more: what is left out is not kept when it comes again.
 */
import type { AgentState } from './state.ts';
import type { Decision } from '../decisions/control.ts';
import { findingKey } from '../effects/findings.ts';
import type { Message } from '../decisions/messages.ts';
import { describeKind } from '../policy/decision-kinds.ts';
import { isInPaths } from '../paths.ts';
import type { Asked } from '../decisions/permits.ts';
import { keepPaths } from '../decisions/permits.ts';

/** The decision with what a message wants left out: of several approvals all of it is. */
export function withLeftOut(decision: Decision, message: Message): Decision {
  const more = message.verb === 'approve' ? (message.leaveOut ?? []) : [];
  return more.length === 0
    ? decision
    : { ...decision, leaveOut: [...new Set([...(decision.leaveOut ?? []), ...more])] };
}

/** The field of a decision that says so, where there is any. */
export function leftOutOf({ leaveOut: paths }: Decision): { leaveOut?: string[] } {
  return paths === undefined ? {} : { leaveOut: paths };
}

/** Why nothing can be left out of this; undefined where it can, or nothing is to be. */
export function findLeaveOutProblem(state: AgentState, { id, kind, leaveOut: paths }: Decision): string | undefined {
  if (paths === undefined) return undefined;
  if (kind !== 'outside' && kind !== 'effects')
    return `${id} is ${describeKind(kind)}: files can be left out of what a call did only`;
  return state.beforeAct === null ? `${id}: it is not known what was there before, so reject it instead` : undefined;
}

/** Of what is asked about, the paths and the keys of findings that are kept. */
export function splitAsked(
  {
    askedPaths,
    askedEffects = [],
    asked,
  }: { askedPaths: readonly string[]; askedEffects?: readonly string[]; asked?: Asked | undefined },
  paths: readonly string[] = [],
): { paths: string[]; effects: string[] } {
  const left = new Set((asked?.findings ?? []).filter(({ path }) => isInPaths(path, paths)).map(findingKey));
  return {
    paths: keepPaths(askedPaths, paths),
    effects: askedEffects.filter((key) => !left.has(key)),
  };
}

/** The next checkpoint is without what was left out, and the model hears of it. */
export function leaveOut(state: AgentState, { leaveOut: paths }: Decision, by: string): AgentState {
  if (paths === undefined || state.beforeAct === null) return state;
  const told = `${by} kept what your last call changed, but for ${paths.join(', ')}: there the files are as before it. Leave them out.`;
  return { ...state, leaveOut: { from: state.beforeAct, paths }, nudges: [...state.nudges, told] };
}
