/**
 * What a refactor does when somebody decides about its plan, its delivery, red checks or a choice among agents, and
 * when a decision times out.
 * Rule: a decision counts only if `weigh` allows it. An agent's decision is passed on to the agent, which weighs it
 * itself.
 */
import { rulesOf } from '../policy/decision-fields.ts';
import { answersOfRefactor, findAnswerProblem } from '../decisions/answers.ts';
import { addBudget, describeHolders, raiseGrant, shareTokens } from './budget.ts';
import { planAgain, workOnRejection } from './changes.ts';
import type { Decision, Approval } from '../decisions/control.ts';
import type { Verified, Weighing } from '../decisions/weigh.ts';
import { countApproval, nameOf, weigh } from '../decisions/weigh.ts';
import { digestDelivery } from './delivery.ts';
import { findRival, decideChoice } from './forks.ts';
import { leftOutOf, withLeftOut } from '../agent/leave-out.ts';
import { clipText } from '../text/lines.ts';
import type { MessageOf } from '../decisions/messages.ts';
import { changeDecision, chooseDecision, listOpenDecisions, withdrawDecisions } from '../decisions/open-decisions.ts';
import { findPlanProblems } from '../plan.ts';
import { hasReply } from '../decisions/replies.ts';
import { addAuthor } from '../decisions/orders.ts';
import type { MessageOutcome } from '../decisions/receive.ts';
import { nextRefactorCommand } from './next.ts';
import { authorsOf } from './request.ts';
import { decideOverreach, findPartProblem } from './effects.ts';
import { acceptBaseline } from './checks.ts';
import { adoptPlan, openDelivery, proposePlan } from './gates.ts';
import { decideReview } from './review.ts';
import type { AgentMirror, RefactorState } from './state.ts';
import { deliverySubject } from './warrants.ts';
import { endRefactor, listAllOpen, listRunning, log, passOn } from './work.ts';
import { passDeadlines } from '../decisions/silence.ts';
import { shareReply } from './agents.ts';
import { addTime } from './working-time.ts';
import type { DecidingMessage, Subject } from '../decisions/signed-text.ts';
import { subjectOfEarlyChoice, subjectOfRevision } from '../decisions/signed-text.ts';

/** Most characters of a plan's problems in a receipt. */
const MAX_PROBLEMS_SHOWN = 5000;

type Came = MessageOutcome<RefactorState>;

function refused(state: RefactorState, detail: string): Came {
  return { kind: 'refused', detail, state };
}

/**
 * Weighs a message. A message about an agent's decision is weighed again by the agent, and that result counts. Weighing
 * it here tells its sender at once what is wrong, before anything is granted.
 */
function weighHere(
  state: RefactorState,
  subject: Subject & Pick<Decision, 'escalatedTo'>,
  message: DecidingMessage,
  { bound, at, verified }: { bound: boolean; at: number; verified: Verified | undefined },
): Weighing {
  const writer = subject.kind === 'plan' && state.plan ? [state.plan.by] : [];
  const known = authorsOf(state);
  const authors = known && [...known, ...writer];
  return weigh({ rules: rulesOf(state.policy), subject, authors, message, bound, at, verified });
}

/** Approves or rejects an open decision, or passes the message on to the agent that owns the decision. */
export function decideForRefactor(
  state: RefactorState,
  message: MessageOf<'approve' | 'reject'>,
  at: number,
  verified?: Verified,
): Came {
  const changes = state.rejectsForChanges === true;
  const choice = chooseDecision(listAllOpen(state), state.control.decisions, message, changes);
  if (choice.kind === 'refused') return refused(state, choice.reason);
  const { bound } = choice;
  const owner = state.agents.find(({ id }) => id === choice.decision.owner);
  // The agent itself handles what is left out of its call's changes.
  const decision = owner ? choice.decision : withLeftOut(choice.decision, message);
  const answers = owner ? undefined : answersOfRefactor(decision, state);
  const problem = changes ? findAnswerProblem(decision, answers, message) : undefined;
  if (problem !== undefined) return refused(state, problem);
  const whole = owner ? undefined : findPartProblem(state, decision);
  if (whole !== undefined) return refused(state, whole);
  const subject = { ...decision, workflow: owner?.id ?? state.id };
  const weighing = weighHere(state, subject, message, { bound, at, verified });
  if (weighing.kind === 'refused') return refused(state, weighing.reason);
  if (weighing.kind === 'verify') return { ...weighing, state };
  if (owner) return passDecision(state, owner, decision, message, at);
  const { approval } = weighing;
  if (message.verb === 'reject')
    return conclude(state, decision, { outcome: 'rejected', by: nameOf(approval), approvals: [approval] }, message, at);
  const tally = countApproval(rulesOf(state.policy), subject, approval);
  switch (tally.kind) {
    case 'again':
      return refused(state, tally.detail);
    case 'more': {
      const control = changeDecision(state.control, decision.id, {
        approvals: tally.approvals,
        ...leftOutOf(decision),
      });
      const counted = log({ ...state, control }, at, `${decision.id}: ${tally.detail}`);
      return { kind: 'applied', detail: tally.detail, state: counted };
    }
    case 'enough':
      return conclude(state, decision, { outcome: 'approved', ...tally }, message, at);
  }
}

/** Passes a decision on to its agent. An approval of more tokens needs them in the refactor's budget. */
function passDecision(
  state: RefactorState,
  owner: AgentMirror,
  decision: Decision,
  message: MessageOf<'approve' | 'reject'>,
  at: number,
): Came {
  const wanted = { ...message, decision: decision.id };
  const pass = (from: RefactorState): Came => passOn(from, [owner], wanted, `${decision.id} passed on to`);
  if (decision.kind !== 'budget' || message.verb === 'reject') return pass(state);
  // An agent that is being started will have a grant, too. An older run does not count it, so it must be guessed.
  const control = { ...state.control, paused: null };
  const next = nextRefactorCommand({ ...state, forwards: [], hold: null, control });
  const isHidden = !state.countsBegun && next.kind === 'startAgent';
  const raise = raiseGrant(state, owner, { decision, starting: isHidden ? next.spec.maxTokens : 0, at });
  if (raise.kind === 'raised') return pass(raise.state);
  return refused(
    raise.state,
    `${owner.task} asks for ${raise.wanted}, and ${raise.left} of the refactor's budget are left (${describeHolders(raise.state)}): approve more of that first`,
  );
}

function conclude(
  state: RefactorState,
  decision: Decision,
  { outcome, by, approvals }: { outcome: 'approved' | 'rejected'; by: string; approvals: Approval[] },
  { note }: { note?: string | undefined },
  at: number,
): Came {
  const bound = approvals.every((approval) => approval.bound);
  const closed = { outcome, by, at, note: note ?? '', bound };
  const control = changeDecision(state.control, decision.id, { approvals, closed, ...leftOutOf(decision) });
  const said = log({ ...state, control }, at, `${decision.id} ${outcome} by ${by}`);
  const settled = outcome === 'approved' ? approveOwn(said, decision, by, at) : rejectOwn(said, decision, by, note, at);
  return { kind: 'applied', detail: `${decision.id} ${outcome}`, state: settled };
}

/** Runs timeout actions of the refactor's own open decisions. Agents run theirs themselves. */
export function passRefactorDeadlines(state: RefactorState, at: number): RefactorState {
  return passDeadlines(state, rulesOf(state.policy), at, endByPolicy);
}

function endByPolicy(
  state: RefactorState,
  decision: Decision,
  outcome: 'approved' | 'rejected',
  note: string,
  at: number,
): RefactorState {
  const noted = log(state, at, `${decision.id}: ${note}`);
  // No note: a rejection with a note starts a new planner, and here nobody is there to read its plan.
  return conclude(noted, decision, { outcome, by: 'policy (silence)', approvals: [] }, {}, at).state;
}

function approveOwn(state: RefactorState, decision: Decision, by: string, at: number): RefactorState {
  switch (decision.kind) {
    case 'baseline':
      return acceptBaseline(state, by);
    case 'budget':
      return decision.resource === 'minutes' ? addTime(state, by) : shareTokens(addBudget(state, decision), at);
    case 'plan':
      return adoptPlan(state, at, by);
    case 'integration':
      return decideOverreach(state, decision, 'approved', by, at);
    case 'review':
      return decideReview(state, decision, 'approved', by, at);
    case 'checks':
      return state.line
        ? openDelivery(
            { ...state, redAccepted: true, deviations: [...state.deviations, `${by} accepted red checks`] },
            at,
            state.line,
          )
        : state;
    case 'delivery': {
      if (!state.line || decision.digest !== digestDelivery(deliverySubject(state, state.line))) return state;
      return { ...state, phase: 'delivering', deliveryApproved: { by, digest: decision.digest } };
    }
    default:
      return state;
  }
}

function rejectOwn(
  before: RefactorState,
  decision: Decision,
  by: string,
  note: string | undefined,
  at: number,
): RefactorState {
  // A person who says what to change is an author of the result.
  const state = note && before.rejectsForChanges ? addAuthor(before, by) : before;
  const reason = `${by} rejected ${decision.id}${note ? `: ${note}` : ''}`;
  if (decision.kind === 'integration') return decideOverreach(state, decision, 'rejected', by, at, note);
  if (decision.kind === 'review') return decideReview(state, decision, 'rejected', by, at, note);
  if (decision.kind === 'plan' && note && state.prepared) return planAgain(state, { by, note });
  const changed = workOnRejection(state, decision, at, { by, note });
  return changed ?? endRefactor(state, at, { kind: 'failed', type: 'Rejected', reason });
}

/** Passes an answer on to the agent that asked. */
export function answerForRefactor(
  state: RefactorState,
  message: MessageOf<'answer'>,
  at: number,
  verified?: Verified,
): Came {
  const wanted = { verb: message.verb, ...(message.question === undefined ? {} : { decision: message.question }) };
  const choice = chooseDecision(listAllOpen(state), state.control.decisions, wanted);
  if (choice.kind === 'refused') return refused(state, choice.reason);
  const owner = state.agents.find(({ id }) => id === choice.decision.owner);
  if (!owner) return refused(state, `${choice.decision.id} has no agent any more`);
  const { decision, bound } = choice;
  const weighing = weighHere(state, { ...decision, workflow: owner.id }, message, { bound, at, verified });
  if (weighing.kind === 'refused') return refused(state, weighing.reason);
  if (weighing.kind === 'verify') return { ...weighing, state };
  const asked = { ...decision, agent: owner.id };
  if (hasReply(state.replies ?? [], asked, message.text))
    return { kind: 'applied', detail: `${decision.id} has got this answer already`, state };
  const passed = passOn(state, [owner], { ...message, question: decision.id }, `${decision.id} passed on to`);
  return shareReply(passed, asked, message, at);
}

/** Replaces the plan. The new plan goes to its gate, and decisions about the old one are withdrawn. */
export function revisePlan(
  state: RefactorState,
  message: MessageOf<'revisePlan'>,
  at: number,
  verified?: Verified,
): Came {
  if (!state.plan) return refused(state, 'there is no plan yet');
  if (message.version !== state.plan.version)
    return refused(state, `the plan is at version ${state.plan.version}, not ${message.version}: look at it again`);
  const problems = findPlanProblems(message.plan, state.control.border ? 'readable' : 'any');
  if (problems.length > 0) return refused(state, clipText(problems.join('; '), MAX_PROBLEMS_SHOWN));
  const subject = subjectOfRevision(state.id, state.plan, message.plan, state.control.place);
  const weighing = weighHere(state, subject, message, { bound: true, at, verified });
  if (weighing.kind === 'refused') return refused(state, weighing.reason);
  if (weighing.kind === 'verify') return { ...weighing, state };
  const by = weighing.name;
  const control = withdrawDecisions(
    state.control,
    at,
    ['plan', 'checks', 'delivery', 'integration', 'review'],
    `plan revised by ${by}`,
  );
  const repairing = listRunning(state).filter(({ kind }) => kind === 'repair' || kind === 'plan');
  const stops = repairing.map(({ id }) => ({
    agent: id,
    message: { verb: 'stop' as const, reason: 'the plan was revised', by },
  }));
  const cleared: RefactorState = {
    ...state,
    control,
    deliveryApproved: null,
    redAccepted: false,
    repairs: 0,
    hold: null,
    evidenceFor: null,
    extra: null,
    forwards: [...state.forwards, ...stops],
  };
  const revised = proposePlan(cleared, at, message.plan, by);
  return { kind: 'applied', detail: `plan ${state.plan.version + 1} waits for its decision`, state: revised };
}

/** Chooses the rival whose work counts, before or after the rivals have ended. */
export function chooseForRefactor(
  state: RefactorState,
  message: MessageOf<'choose'>,
  at: number,
  verified?: Verified,
): Came {
  const found = findRival(state, message.agent);
  if (found.kind === 'refused') return refused(state, found.detail);
  const { work, chosen } = found;
  const decision = listOpenDecisions(state.control).find(
    ({ kind, task }) => kind === 'choice' && task === work.task.id,
  );
  const agents = (work.rivals ?? []).map(({ agent }) => agent);
  const subject = decision
    ? { ...decision, workflow: state.id }
    : subjectOfEarlyChoice(state.id, work.task.id, agents, state.control.place);
  const weighing = weighHere(state, subject, message, { bound: false, at, verified });
  if (weighing.kind === 'refused') return refused(state, weighing.reason);
  if (weighing.kind === 'verify') return { ...weighing, state };
  const { name, approval } = weighing;
  const control = decision ? changeDecision(state.control, decision.id, { approvals: [approval] }) : state.control;
  return decideChoice({ ...state, control }, { work, chosen, decision, by: name }, at);
}
