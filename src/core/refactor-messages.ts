/**
 * What a refactor does with a message: act on it itself, or pass it on to the agent that it concerns.
 * Rule: nothing here throws or waits; a receipt says what became of each message, and of each one passed on.
 */
import type { Received } from './agent-messages.ts';
import { refuse } from './agent-messages.ts';
import type { Decision } from './control.ts';
import { addReceipt, chooseDecision, closeDecision, findEarlierAnswer, withdrawDecisions } from './control.ts';
import { digestValue } from './digest.ts';
import { chooseRival } from './forks.ts';
import type { Message, MessageOf, Verb } from './messages.ts';
import { readMessage } from './messages.ts';
import { DEFAULT_TASK_STEPS, DEFAULT_TASK_TOKENS, findPlanProblems } from './plan.ts';
import { deliverySubject } from './refactor.ts';
import { adoptPlan, openDelivery, proposePlan } from './refactor-gates.ts';
import { endRefactor, listAllOpen, log, stopRefactor } from './refactor-work.ts';
import type { AgentMirror, RefactorState } from './refactor-state.ts';

type Outcome = { kind: 'applied' | 'accepted' | 'forwarded' | 'refused'; detail: string; state: RefactorState };

/** Takes in a message as a client sent it. */
export function receiveForRefactor(
  state: RefactorState,
  verb: Verb,
  inputs: readonly unknown[],
  at: number,
): Received<RefactorState> {
  const read = readMessage(verb, inputs);
  if (read.kind === 'bad') return refuse(state, { verb }, at, read.problem);
  // A message that is passed on keeps one id, by which the agent's receipt finds its way back.
  const message = { ...read.message, id: read.message.id ?? `${verb}-${state.control.received + 1}` } as Message;
  const earlier = findEarlierAnswer(state.control, read.message.id);
  if (earlier) return { state, answer: earlier };
  if (state.outcome) return refuse(state, message, at, `the refactor has ended: ${state.outcome.kind}`);
  const outcome = applyToRefactor(state, message, at);
  const { control, answer } = addReceipt(outcome.state.control, message, at, {
    state: outcome.kind,
    detail: outcome.detail,
  });
  return { state: { ...outcome.state, control }, answer };
}

function applyToRefactor(state: RefactorState, message: Message, at: number): Outcome {
  switch (message.verb) {
    case 'steer':
      return steerRefactor(state, message, at);
    case 'pause':
      return pauseRefactor(state, message, at);
    case 'resume':
      return resumeRefactor(state, message, at);
    case 'stop':
      return outcome('applied', 'stopping', stopRefactor(state, at, message.by ?? 'unknown', message.reason ?? ''));
    case 'approve':
    case 'reject':
      return decideForRefactor(state, message, at);
    case 'answer':
      return answerForRefactor(state, message);
    case 'revisePlan':
      return revisePlan(state, message, at);
    case 'rewind':
    case 'fork':
      return passToTask(state, message);
    case 'choose': {
      const choice = chooseRival(state, message, at);
      return outcome(choice.kind, choice.detail, choice.state);
    }
  }
}

function outcome(kind: Outcome['kind'], detail: string, state: RefactorState): Outcome {
  return { kind, detail, state };
}

function listRunning(state: RefactorState): AgentMirror[] {
  return state.agents.filter(({ status }) => status === 'running');
}

function forward(state: RefactorState, agents: readonly AgentMirror[], message: Message, why: string): Outcome {
  const forwards = agents.map(({ id }) => ({ agent: id, message }));
  const names = agents.map(({ task }) => task).join(', ');
  return outcome('forwarded', `${why}: ${names}`, { ...state, forwards: [...state.forwards, ...forwards] });
}

function steerRefactor(before: RefactorState, message: MessageOf<'steer'>, at: number): Outcome {
  const by = message.by ?? 'unknown';
  const { to, ...steer } = message;
  const running = listRunning(before).filter(({ task }) => to === undefined || task === to);
  const state = log(
    { ...before, steering: [...before.steering, { at, by, text: message.text }].slice(-100) },
    at,
    `steer from ${by}: ${message.text}`,
  );
  if (running.length > 0) return forward(state, running, steer, 'passed on to');
  if (to === undefined)
    return outcome('accepted', 'no agent works now: the next one gets it', {
      ...state,
      heldSteers: [...state.heldSteers, message],
    });
  const task = state.tasks.find((other) => other.task.id === to);
  if (task?.status === 'waiting')
    return outcome('accepted', `${to} has not started: it gets it then`, {
      ...state,
      heldSteers: [...state.heldSteers, message],
    });
  const known = state.tasks.map((other) => other.task.id).join(', ') || 'none yet';
  const problem = task
    ? `task "${to}" is ${task.status} already`
    : `there is no task "${to.slice(0, 80)}"; tasks: ${known}`;
  return outcome('refused', problem, before);
}

function pauseRefactor(state: RefactorState, message: MessageOf<'pause'>, at: number): Outcome {
  const by = message.by ?? 'unknown';
  const paused = log(
    { ...state, control: { ...state.control, paused: { by, at, reason: message.reason ?? '' } } },
    at,
    `paused by ${by}`,
  );
  const forwards = listRunning(state).map(({ id }) => ({ agent: id, message }));
  return outcome('applied', `paused, with ${forwards.length} agents`, {
    ...paused,
    forwards: [...paused.forwards, ...forwards],
  });
}

function resumeRefactor(state: RefactorState, message: MessageOf<'resume'>, at: number): Outcome {
  const running = listRunning(state);
  if (message.from !== undefined) {
    if (running.length === 1) return forward(state, running, message, 'passed on to');
    return outcome('refused', `${running.length} agents work: send a commit to the agent that should take it`, state);
  }
  const by = message.by ?? 'unknown';
  const waiting = state.control.paused ? running : running.filter(({ report }) => report?.hold);
  if (!state.control.paused && !state.hold && waiting.length === 0)
    return outcome('refused', 'nothing is paused and nothing holds', state);
  const forwards = waiting.map(({ id }) => ({ agent: id, message }));
  const resumed = {
    ...state,
    control: { ...state.control, paused: null },
    hold: null,
    forwards: [...state.forwards, ...forwards],
  };
  return outcome('applied', `resumed, with ${forwards.length} agents`, log(resumed, at, `resumed by ${by}`));
}

function decideForRefactor(
  state: RefactorState,
  message: MessageOf<'approve'> | MessageOf<'reject'>,
  at: number,
): Outcome {
  const choice = chooseDecision(listAllOpen(state), state.control.decisions, message);
  if (choice.kind === 'refused') return outcome('refused', choice.reason, state);
  const { decision, bound } = choice;
  const owner = state.agents.find(({ id }) => id === decision.owner);
  if (owner) return forward(state, [owner], { ...message, decision: decision.id }, `${decision.id} passed on to`);
  const by = message.by ?? 'unknown';
  const verdict = message.verb === 'approve' ? 'approved' : 'rejected';
  const control = closeDecision(state.control, decision.id, {
    outcome: verdict,
    by,
    at,
    note: message.note ?? '',
    bound,
  });
  const closed = log({ ...state, control }, at, `${decision.id} ${verdict} by ${by}`);
  const settled =
    verdict === 'approved' ? approveOwn(closed, decision, by, at) : rejectOwn(closed, decision, by, message.note, at);
  return outcome('applied', `${decision.id} ${verdict}`, settled);
}

function approveOwn(state: RefactorState, decision: Decision, by: string, at: number): RefactorState {
  switch (decision.kind) {
    case 'baseline':
      return { ...state, baselineAccepted: true };
    case 'plan':
      return adoptPlan(state, at, by);
    case 'checks':
      return state.line
        ? openDelivery(
            { ...state, redAccepted: true, deviations: [...state.deviations, `${by} accepted red checks`] },
            at,
            state.line,
          )
        : state;
    case 'delivery': {
      if (!state.line || decision.digest !== digestValue(deliverySubject(state, state.line))) return state;
      return { ...state, phase: 'delivering', deliveryApproved: { by, digest: decision.digest } };
    }
    default:
      return state;
  }
}

function rejectOwn(
  state: RefactorState,
  decision: Decision,
  by: string,
  note: string | undefined,
  at: number,
): RefactorState {
  const reason = `${by} rejected ${decision.id}${note ? `: ${note}` : ''}`;
  if (decision.kind === 'plan' && note && state.prepared) return planAgain(state, note, by);
  return endRefactor(state, at, { kind: 'failed', type: 'Rejected', reason });
}

/** A plan rejected with a note goes back to a planner, who is told the note; without one the refactor ends. */
function planAgain(state: RefactorState, note: string, by: string): RefactorState {
  const attempt = state.agents.filter(({ kind }) => kind === 'plan').length;
  const task = {
    id: 'plan',
    title: 'Plan the refactor again',
    instructions: `${by} rejected the last plan: ${note}\n\nThe last plan was:\n${JSON.stringify(state.plan?.plan)}`,
    paths: ['**'],
    checks: state.input.checks,
    dependsOn: [],
    maxSteps: DEFAULT_TASK_STEPS,
    maxTokens: DEFAULT_TASK_TOKENS,
  };
  const extra = {
    task,
    status: 'waiting' as const,
    attempt,
    kind: 'plan' as const,
    start: null,
    startTree: null,
    head: null,
    summary: '',
    conflicts: [],
    evidence: [],
  };
  return { ...state, phase: 'planning', extra };
}

function answerForRefactor(state: RefactorState, message: MessageOf<'answer'>): Outcome {
  const wanted = { verb: message.verb, ...(message.question === undefined ? {} : { decision: message.question }) };
  const choice = chooseDecision(listAllOpen(state), state.control.decisions, wanted);
  if (choice.kind === 'refused') return outcome('refused', choice.reason, state);
  const owner = state.agents.find(({ id }) => id === choice.decision.owner);
  if (!owner) return outcome('refused', `${choice.decision.id} has no agent any more`, state);
  return forward(state, [owner], { ...message, question: choice.decision.id }, `${choice.decision.id} passed on to`);
}

function revisePlan(state: RefactorState, message: MessageOf<'revisePlan'>, at: number): Outcome {
  if (!state.plan) return outcome('refused', 'there is no plan yet', state);
  if (message.version !== state.plan.version) {
    return outcome(
      'refused',
      `the plan is at version ${state.plan.version}, not ${message.version}: look at it again`,
      state,
    );
  }
  const problems = findPlanProblems(message.plan);
  if (problems.length > 0) return outcome('refused', problems.join('; '), state);
  const by = message.by ?? 'unknown';
  const control = withdrawDecisions(state.control, at, ['plan', 'checks', 'delivery'], `plan revised by ${by}`);
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
  return outcome('applied', `plan ${state.plan.version + 1} waits for its decision`, revised);
}

function passToTask(state: RefactorState, message: MessageOf<'rewind'> | MessageOf<'fork'>): Outcome {
  const running = listRunning(state).filter(({ task }) => message.task === undefined || task === message.task);
  const [agent, ...others] = running;
  if (agent && others.length === 0) return forward(state, [agent], message, 'passed on to');
  if (agent)
    return outcome(
      'refused',
      `several tasks run, name one, or send it to the agent itself: ${running.map(({ id }) => id).join(', ')}`,
      state,
    );
  const task = state.tasks.find((other) => other.task.id === message.task);
  if (task)
    return outcome(
      'refused',
      `task "${task.task.id}" is ${task.status}: only a task at work has an agent for this`,
      state,
    );
  const known = state.tasks.map((other) => other.task.id).join(', ') || 'none yet';
  return outcome('refused', `there is no task "${message.task ?? ''}" at work; tasks: ${known}`, state);
}
