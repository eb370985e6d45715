/**
 * What happens when nobody decides: after the time that policy names, a decision holds visibly, is put before others,
 * is denied, or, where little hangs on it, goes on.
 * Rule: silence is never consent but where policy says so in words and the risk is low; each decision has it once.
 */
import type { DecisionRules, Silence } from '../policy/approvers.ts';
import { dueAt, riskOf } from '../policy/approvers.ts';
import type { Control, Decision } from './control.ts';
import { addLog } from './control.ts';
import { changeDecision, listOpenDecisions } from './open-decisions.ts';

/** The next moment at which silence has an effect on an open decision; null where there is none. */
export function nextDeadline(control: Control, rules: DecisionRules): number | null {
  const moments = listOpenDecisions(control).flatMap((decision) => dueAt(rules, decision) ?? []);
  return moments.length > 0 ? Math.min(...moments) : null;
}

/** Ends a decision by policy, with the reason in words. */
type End<S> = (state: S, decision: Decision, outcome: 'approved' | 'rejected', note: string, at: number) => S;

/** Gives silence its effect on every decision whose moment has come. */
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

/** The decision stays open, with a mark that it waits for too long. */
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
