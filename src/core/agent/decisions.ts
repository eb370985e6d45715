/**
 * What an agent does when somebody decides (a call, a change of scope, a budget, an answer to its question), and when a
 * decision times out.
 * Rule: a decision counts only if `weigh` allows it, and whatever its end, the model is told.
 */
import { authorsOfAgent } from './next.ts';
import { raiseBudget } from './budget.ts';
import type { AgentState } from './state.ts';
import { endAgent, nextStep, publish, say, tell, undoAct } from './work.ts';
import { rulesOf } from '../policy/decision-fields.ts';
import type { Decision, Approval } from '../decisions/control.ts';
import type { Verified } from '../decisions/weigh.ts';
import { countApproval, nameOf, weigh } from '../decisions/weigh.ts';
import { findLeaveOutProblem, leaveOut, leftOutOf, splitAsked, withLeftOut } from './leave-out.ts';
import { permitOf } from '../decisions/permits.ts';
import type { MessageOf } from '../decisions/messages.ts';
import { changeDecision, chooseDecision, closeDecision, listOpenDecisions } from '../decisions/open-decisions.ts';
import type { MessageOutcome } from '../decisions/receive.ts';
import { passDeadlines } from '../decisions/silence.ts';

/** How a message arrived: passed on by the refactor, and with a verified signature. */
export interface MessageOrigin {
  forwarded: boolean;
  verified: Verified | undefined;
}

/** Approves or rejects one of the agent's open decisions. */
export function decideForAgent(
  state: AgentState,
  message: MessageOf<'approve' | 'reject'>,
  at: number,
  { forwarded, verified }: MessageOrigin,
): MessageOutcome<AgentState> {
  const choice = chooseDecision(listOpenDecisions(state.control), state.control.decisions, message);
  if (choice.kind === 'refused') return { kind: 'refused', detail: choice.reason, state };
  const { bound } = choice;
  const decision = withLeftOut(choice.decision, message);
  const problem = findLeaveOutProblem(state, decision);
  if (problem !== undefined) return { kind: 'refused', detail: problem, state };
  if (decision.kind === 'budget' && message.verb === 'approve' && state.spec.refactor && !forwarded)
    return { kind: 'refused', detail: `the tokens are ${state.spec.refactor}'s: approve this there`, state };
  const subject = { ...decision, workflow: state.id };
  const rules = rulesOf(state.spec.policy);
  const authors = authorsOfAgent(state);
  const weighing = weigh({ rules, subject, authors, message, bound, at, verified });
  if (weighing.kind === 'refused') return { kind: 'refused', detail: weighing.reason, state };
  if (weighing.kind === 'verify') return { ...weighing, state };
  const { approval } = weighing;
  const note = message.note ?? '';
  if (message.verb === 'reject')
    return conclude(state, decision, { outcome: 'rejected', by: nameOf(approval), approvals: [approval] }, note, at);
  const tally = countApproval(rules, subject, approval);
  switch (tally.kind) {
    case 'again':
      return { kind: 'refused', detail: tally.detail, state };
    case 'more': {
      const { approvals, detail } = tally;
      const control = changeDecision(state.control, decision.id, { approvals, ...leftOutOf(decision) });
      return { kind: 'applied', detail, state: publish(say({ ...state, control }, at, `${decision.id}: ${detail}`)) };
    }
    case 'enough':
      return conclude(state, decision, { outcome: 'approved', ...tally }, note, at);
  }
}

function conclude(
  state: AgentState,
  decision: Decision,
  { outcome, by, approvals }: { outcome: 'approved' | 'rejected'; by: string; approvals: Approval[] },
  note: string,
  at: number,
): MessageOutcome<AgentState> {
  const bound = approvals.every((approval) => approval.bound);
  const closed = { outcome, by, at, note, bound };
  const control = changeDecision(state.control, decision.id, { approvals, closed, ...leftOutOf(decision) });
  const said = say({ ...state, control }, at, `${decision.id} ${outcome} by ${by}`);
  const settled = publish(settleDecision(said, decision, outcome, by, note, at));
  return { kind: 'applied', detail: `${decision.id} ${outcome}`, state: settled };
}

function settleDecision(
  state: AgentState,
  decision: Decision,
  outcome: 'approved' | 'rejected',
  by: string,
  note: string,
  at: number,
): AgentState {
  const { pending } = state;
  const why = note ? `: ${note}` : '';
  switch (decision.kind) {
    case 'call':
      if (!pending) return state;
      if (outcome === 'approved')
        return {
          ...keepWord(state, outcome, by),
          pending: { ...pending, gate: 'allowed', by: `${by} (${decision.id})` },
        };
      return nextStep(
        tell(keepWord(state, outcome, by), pending.callId, `A supervisor rejected this call${why}. It was not run.`),
      );
    case 'outside':
    case 'effects':
      if (outcome === 'approved') return leaveOut(keepEffects(state, decision.id), decision, by);
      return undoAct(
        { ...state, askedPaths: [], askedEffects: [], asked: undefined },
        `A supervisor rejected what your last call changed${why}. It was about:\n${decision.about}\n`,
      );
    case 'budget':
      if (outcome === 'rejected')
        return endAgent(state, at, {
          kind: 'failed',
          head: state.head,
          reason: `${decision.about} Rejected by ${by}${why}`,
        });
      return raiseBudget(state, decision.resource === 'minutes' ? undefined : decision.resource);
    default:
      return state;
  }
}

/** Records a person's decision about the pending call in the review of the call, if there was one. */
function keepWord(state: AgentState, outcome: 'approved' | 'rejected', by: string): AgentState {
  const last = state.reviews.at(-1);
  if (last?.head !== state.head || last.decided) return state;
  return { ...state, reviews: [...state.reviews.slice(0, -1), { ...last, decided: { outcome, by } }] };
}

/** Remembers the paths and findings that a person kept, so that they are not asked about again. */
function keepEffects(state: AgentState, id: string): AgentState {
  const decision = state.control.decisions.find((one) => one.id === id);
  const permits = [...state.permits, ...permitOf(state.id, decision, state.asked)];
  const { paths, effects } = splitAsked(state, decision?.leaveOut);
  const extraPaths = [...state.extraPaths, ...paths];
  const keptEffects = [...new Set([...state.keptEffects, ...effects])];
  const nothing = { askedPaths: [], askedEffects: [], asked: undefined };
  return { ...state, extraPaths, ...nothing, keptEffects, permits };
}

/** Answers the agent's question. */
export function answerQuestion(
  state: AgentState,
  message: MessageOf<'answer'>,
  at: number,
  verified?: Verified,
): MessageOutcome<AgentState> {
  const wanted = { verb: message.verb, ...(message.question === undefined ? {} : { decision: message.question }) };
  const choice = chooseDecision(listOpenDecisions(state.control), state.control.decisions, wanted);
  if (choice.kind === 'refused') return { kind: 'refused', detail: choice.reason, state };
  const { decision, bound } = choice;
  const rules = rulesOf(state.spec.policy);
  const subject = { ...decision, workflow: state.id };
  const weighing = weigh({ rules, subject, authors: null, message, bound, at, verified });
  if (weighing.kind === 'refused') return { kind: 'refused', detail: weighing.reason, state };
  if (weighing.kind === 'verify') return { ...weighing, state };
  const { name, approval } = weighing;
  const told = takeAnswer(state, decision, { by: name, note: message.text, bound: approval.bound }, at);
  const control = changeDecision(told.control, decision.id, { approvals: [approval] });
  return { kind: 'applied', detail: `${decision.id} answered`, state: publish({ ...told, control }) };
}

function takeAnswer(
  state: AgentState,
  { id }: Decision,
  { by, note, bound }: { by: string; note: string; bound: boolean },
  at: number,
): AgentState {
  const closed = { outcome: 'answered' as const, by, at, note: note.slice(0, 1000), bound };
  const control = closeDecision(state.control, id, closed);
  const said = say({ ...state, control }, at, `${id} answered by ${by}`);
  return state.pending ? nextStep(tell(said, state.pending.callId, `Answer from ${by}: ${note}`)) : said;
}

/** Runs timeout actions of the agent's open decisions, and reports them to its refactor. */
export function passAgentDeadlines(state: AgentState, at: number): AgentState {
  return publish(passDeadlines(state, rulesOf(state.spec.policy), at, endByPolicy));
}

/** Ends a decision as policy's timeout says: a question gets words as its answer, any other decision a verdict. */
function endByPolicy(
  state: AgentState,
  decision: Decision,
  verdict: 'approved' | 'rejected',
  note: string,
  at: number,
): AgentState {
  if (decision.kind === 'question') {
    const words =
      verdict === 'approved' ? `${note} Go on by your own judgement.` : `${note} Do only what needs no answer.`;
    return publish(takeAnswer(state, decision, { by: 'policy (silence)', note: words, bound: true }, at));
  }
  return conclude(state, decision, { outcome: verdict, by: 'policy (silence)', approvals: [] }, note, at).state;
}
