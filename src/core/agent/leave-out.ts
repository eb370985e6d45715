/**
 * What a person leaves out of an act or a task's result: the named files are put back as they were, the rest is kept.
 * Rule: a permit covers less after leaving out, never more. If a file that was left out changes again, it is asked
 * about again.
 */
import type { AgentState } from './state.ts';
import type { Decision } from '../decisions/control.ts';
import { findingKey } from '../effects/findings.ts';
import type { Message } from '../decisions/messages.ts';
import { describeKind } from '../policy/decision-kinds.ts';
import { isInPaths } from '../paths.ts';
import type { Asked } from '../decisions/permits.ts';
import { permitPaths } from '../decisions/permits.ts';

/** The decision with a message's paths to leave out. Those of several approvals add up. */
export function withLeftOut(decision: Decision, message: Message): Decision {
  const more = message.verb === 'approve' ? (message.leaveOut ?? []) : [];
  return more.length === 0
    ? decision
    : { ...decision, leaveOut: [...new Set([...(decision.leaveOut ?? []), ...more])] };
}

/** The decision's field `leaveOut`, if it has one. */
export function leftOutOf({ leaveOut: paths }: Decision): { leaveOut?: string[] } {
  return paths === undefined ? {} : { leaveOut: paths };
}

/** Why nothing can be left out of this decision; undefined if it can, or if nothing is left out. */
export function findLeaveOutProblem(state: AgentState, { id, kind, leaveOut: paths }: Decision): string | undefined {
  if (paths === undefined) return undefined;
  if (kind !== 'outside' && kind !== 'effects')
    return `${id} is ${describeKind(kind)}: files can be left out only of a call's changes`;
  return state.beforeAct === null ? `${id}: it is not known what was there before, so reject it instead` : undefined;
}

/** The asked paths, and the keys of the asked findings, that are kept. */
export function splitAsked(
  {
    askedPaths,
    askedEffects,
    asked,
  }: { askedPaths: readonly string[]; askedEffects: readonly string[]; asked?: Asked | undefined },
  paths: readonly string[] = [],
): { paths: string[]; effects: string[] } {
  const left = new Set((asked?.findings ?? []).filter(({ path }) => isInPaths(path, paths)).map(findingKey));
  return {
    paths: permitPaths(askedPaths, paths),
    effects: askedEffects.filter((key) => !left.has(key)),
  };
}

/** Leaves files out of the next checkpoint, and tells the model. */
export function leaveOut(state: AgentState, { leaveOut: paths }: Decision, by: string): AgentState {
  if (paths === undefined || state.beforeAct === null) return state;
  const told = `${by} kept what your last call changed, but for ${paths.join(', ')}: there the files are as before it. Leave them out.`;
  return { ...state, leaveOut: { from: state.beforeAct, paths }, nudges: [...state.nudges, told] };
}
