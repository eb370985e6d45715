/**
 * Timeouts of decisions: after the time in policy a decision holds visibly, is escalated, is denied, or, if its risk is
 * low, is approved.
 * Rule: a timeout approves only if policy says so and the risk is low. Each decision times out once.
 */
import type { DecisionRules, Silence } from '../policy/approvers.ts';
import { dueAt, riskOf } from '../policy/approvers.ts';
import type { Control, Decision } from './control.ts';
import { addLog } from './control.ts';
import { changeDecision, listOpenDecisions } from './open-decisions.ts';

/** When the next open decision times out, in milliseconds; null if none will. */
export function nextDeadline(control: Control, rules: DecisionRules): number | null {
  const moments = listOpenDecisions(control).flatMap((decision) => dueAt(rules, decision) ?? []);
  return moments.length > 0 ? Math.min(...moments) : null;
}

/** Closes a decision by policy, with the reason in words. */
type End<S> = (state: S, decision: Decision, outcome: 'approved' | 'rejected', note: string, at: number) => S;

/** Runs the timeout action of every decision that is due. */
export function passDeadlines<S extends { control: Control }>(
  before: S,
  rules: DecisionRules,
  at: number,
  end: End<S>,
): S {
  return listOpenDecisions(before.control).reduce((state, decision) => {
    const silence = rules.silence[decision.kind];
    const due = dueAt(rules, decision);
    if (!silence || due === null || due > at) return state;
    const note = `Nobody decided in ${silence.after} s.`;
    if (silence.means === 'deny') return end(state, decision, 'rejected', note, at);
    if (silence.means === 'proceed' && riskOf(decision) === 'low') return end(state, decision, 'approved', note, at);
    return { ...state, control: wait(state.control, decision, silence, at) };
  }, before);
}

/** The decision stays open, and is marked as overdue. */
function wait(control: Control, decision: Decision, { after, means, to = [] }: Silence, at: number): Control {
  const escalatedTo = means === 'escalate' ? to : undefined;
  const effect = {
    hold: 'it holds',
    deny: 'it is denied',
    escalate: `${to.join(', ') || 'nobody else'} may decide too`,
    proceed: `its risk is ${riskOf(decision)}, so it holds`,
  }[means];
  const marked = changeDecision(control, decision.id, { overdueAt: at, ...(escalatedTo ? { escalatedTo } : {}) });
  return addLog(marked, at, `${decision.id}: nobody decided in ${after} s; ${effect}`);
}
