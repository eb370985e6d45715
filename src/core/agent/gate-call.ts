/**
 * The gate of a call: allow, ask or deny. It also handles the calls that run nothing.
 * Rule: nothing runs undecided, and every outcome leaves something to tell the model.
 */
import type { AgentState } from './state.ts';
import type { Proposal } from './step.ts';
import { endAgent, finishAgent, nextStep, nudge, publish, say, tell, wordsOf } from './work.ts';
import { ruleOnCall, showCall } from './rule-on-call.ts';
import type { Control } from '../decisions/control.ts';
import { drawFrom } from '../digest.ts';
import { openDecision } from '../decisions/open-decisions.ts';
import type { Review } from '../review/review.ts';
import { isAsking, MAX_REVIEWS, renderVerdict, summariseVerdict } from '../review/review.ts';
import { spendOn } from '../spend.ts';

/** Decides one proposal. */
export function gateCall(state: AgentState, at: number, call: Proposal): AgentState {
  if (call.noted) return nextStep(tell(state, call.callId, call.noted));
  if (call.problem) {
    const told = tell(state, call.callId, `This call was not run: ${call.problem}`);
    return nudge(told, at, call.problem);
  }
  const usable = { ...state, repairs: 0 };
  const { task } = state.spec;
  if (call.tool === 'finish') return takeFinish(usable, at, call);
  if (call.tool === 'decline') return endAgent(usable, at, { kind: 'declined', reason: wordsOf(call) });
  if (call.tool === 'ask') {
    const control = openDecision(usable.control, at, {
      kind: 'question',
      task,
      about: wordsOf(call),
      digest: call.digest,
    });
    return publish(say(waitFor({ ...usable, control }, call, control), at, `${state.step} asks: ${call.summary}`));
  }
  if (isReviewDue(usable, call)) return { ...usable, pending: { ...call, gate: 'reviewing', by: 'nobody yet' } };
  return passGate(usable, at, call);
}

/** Applies the review of the pending call. A review can make a person look; it can't allow anything. */
export function takeCallReview(before: AgentState, at: number, review: Review): AgentState {
  const { pending } = before;
  const spend = review.usage ? spendOn(before.spend, review.usage) : before.spend;
  const asked = isAsking(review, before.spec.policy.review?.askAt.value ?? 0);
  const reviews = [...before.reviews, { ...review, asked }].slice(-MAX_REVIEWS);
  const state = { ...before, spend, reviews, cut: false };
  if (pending?.gate !== 'reviewing') return state;
  const [said = ''] = renderVerdict(review);
  return passGate(say(state, at, `${state.step} ${said}`), at, pending, { review, asked });
}

/**
 * Whether a call is reviewed: by a sample that no agent can predict, or because a rule has a reason to ask. A planner
 * changes nothing, so its calls are not reviewed.
 */
function isReviewDue({ spec, head, globs }: AgentState, call: Proposal): boolean {
  const { review } = spec.policy;
  if (!review?.actions || review.model.value === null || spec.kind === 'plan') return false;
  const { outcome, reason } = ruleOnCall(spec.policy, call, globs);
  if (outcome === 'deny') return false;
  const isRisky = outcome === 'ask' && reason !== null;
  return isRisky || drawFrom(`${head} ${call.digest}`) < review.actions.value;
}

function passGate(
  state: AgentState,
  at: number,
  call: Proposal,
  reviewed?: { asked: boolean; review?: Review; because?: string },
): AgentState {
  const ruling = ruleOnCall(state.spec.policy, call, state.globs);
  const outcome = ruling.outcome === 'allow' && reviewed?.asked ? 'ask' : ruling.outcome;
  const why = ruling.reason === null ? ruling.by : `${ruling.by}: ${ruling.reason}`;
  switch (outcome) {
    case 'allow':
      return { ...state, pending: { ...call, gate: 'allowed', by: ruling.by } };
    case 'deny': {
      const denied = say(state, at, `${state.step} denied: ${call.summary} (${why})`);
      return nextStep(tell(denied, call.callId, `Policy denies this call, by ${why}. It was not run.`));
    }
    case 'ask': {
      const { review, because = [] } = reviewed ?? {};
      const about = [...(review ? summariseVerdict(review) : []), because, showCall(call, ruling)].flat().join('\n');
      const control = openDecision(state.control, at, {
        kind: 'call',
        task: state.spec.task,
        about,
        digest: call.digest,
        ...(review && reviewed?.asked ? { risk: 'high' as const } : {}),
      });
      return publish(waitFor({ ...state, control }, call, control));
    }
  }
}

/**
 * Decides the pending call again, by the current policy, after a worker had no warrant for it. If this policy allows
 * the call, a person is asked: the worker needs an approval of exactly this call.
 */
export function gateAgain(state: AgentState, at: number): AgentState {
  if (!state.pending?.again) return state;
  const { gate: _, by: __, decision: ___, again: ____, ...call } = state.pending;
  if (!state.rules) return passGate({ ...state, pending: null }, at, call);
  const because = 'a worker reads a stricter policy than this run uses, so a person decides';
  return passGate({ ...state, pending: null }, at, call, { asked: true, because });
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
  return finishAgent(state, at, wordsOf(call));
}
