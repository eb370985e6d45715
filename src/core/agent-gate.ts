/**
 * The gate of a call: allow, ask or deny, and what the calls mean that run nothing.
 * Rule: nothing runs undecided; every way out leaves something to be told to the model.
 */
import type { AgentState } from './agent-state.ts';
import type { Proposal } from './step.ts';
import { endAgent, finishAgent, nextStep, nudge, publish, say, tell } from './agent-work.ts';
import { answerCall, showCall } from './call-gate.ts';
import type { Control } from './control.ts';
import { openDecision } from './control.ts';

/** Decides one proposal: allow, ask or deny; every way out leaves something to be told to the model. */
export function gateCall(state: AgentState, at: number, call: Proposal): AgentState {
  if (call.problem) {
    const told = tell(state, call.callId, `This call was not run: ${call.problem}`);
    return nudge(told, at, call.problem);
  }
  const usable = { ...state, repairs: 0 };
  const { task } = state.spec;
  if (call.tool === 'finish') return takeFinish(usable, at, call);
  if (call.tool === 'decline') return endAgent(usable, at, { kind: 'declined', reason: call.summary });
  if (call.tool === 'ask') {
    const control = openDecision(usable.control, at, {
      name: `${task}/question`,
      kind: 'question',
      about: call.summary,
      digest: call.digest,
    });
    return publish(say(waitFor({ ...usable, control }, call, control), at, `${state.step} asks: ${call.summary}`));
  }
  const answer = answerCall(state.spec.policy, call);
  const why = answer.reason === null ? answer.by : `${answer.by}: ${answer.reason}`;
  switch (answer.outcome) {
    case 'allow':
      return { ...usable, pending: { ...call, gate: 'allowed', by: answer.by } };
    case 'deny': {
      const denied = say(usable, at, `${state.step} denied: ${call.summary} (${why})`);
      return nextStep(tell(denied, call.callId, `Policy denies this call, by ${why}. It was not run.`));
    }
    case 'ask': {
      const about = showCall(call, answer);
      const control = openDecision(usable.control, at, {
        name: `${task}/call`,
        kind: 'call',
        about,
        digest: call.digest,
      });
      return publish(waitFor({ ...usable, control }, call, control));
    }
  }
}

function waitFor(state: AgentState, call: Proposal, control: Control): AgentState {
  const decision = control.decisions.at(-1)?.id;
  return { ...state, pending: { ...call, gate: 'asked', by: 'nobody yet', ...(decision ? { decision } : {}) } };
}

function takeFinish(state: AgentState, at: number, call: Proposal): AgentState {
  if (state.spec.kind === 'plan') {
    if (!call.plan || !state.head)
      return nudge(tell(state, call.callId, 'The plan is missing.'), at, 'finish came without a plan');
    return endAgent(state, at, { kind: 'planned', head: state.head, plan: call.plan });
  }
  if (state.spec.checks.length > 0) return { ...state, pending: { ...call, gate: 'checking', by: 'coxswain' } };
  return finishAgent(state, at, call.summary);
}
