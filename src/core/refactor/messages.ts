/**
 * What a refactor does with a message: act on it, or pass it on to the agent in question.
 * Rule: nothing here throws or waits. A receipt says what happened to each message, including those passed on.
 */
import { rulesOf } from '../policy/decision-fields.ts';
import type { Verified } from '../decisions/weigh.ts';
import type { Message, MessageOf, Verb } from '../decisions/messages.ts';
import { listOpenDecisions } from '../decisions/open-decisions.ts';
import { noteAuthor, pauseBy, weighOrder } from '../decisions/orders.ts';
import type { MessageOutcome, Received } from '../decisions/receive.ts';
import { receive } from '../decisions/receive.ts';
import { answerForRefactor, chooseForRefactor, decideForRefactor, revisePlan } from './decisions.ts';
import { policyInput } from './next.ts';
import { takeBranch } from './delivered.ts';
import type { RefactorState } from './state.ts';
import { askForBudgetAgain, listRunning, log, passOn, stopRefactor } from './work.ts';
import { changeSteerOfRefactor, noteSaid } from './withdraw.ts';
import { findFullQueue, addStanding } from '../decisions/steer-queue.ts';
import { counted } from '../text/lines.ts';

type Came = MessageOutcome<RefactorState>;

/** Receives a message from a client, or once more after its signature was verified. */
export function receiveForRefactor(
  state: RefactorState,
  verb: Verb,
  inputs: readonly unknown[],
  at: number,
  verified?: Verified,
): Received<RefactorState> {
  const ended = state.outcome ? `the refactor has ended: ${state.outcome.kind}` : undefined;
  const apply = (message: Message): Came => applyToRefactor(state, message, at, verified);
  // A message that is passed on keeps its id, so that the agent's receipt can be matched.
  const name = (): string => `${verb}-${state.control.received + 1}`;
  return receive({ state, verb, inputs, at, verified, name, ended, apply });
}

/** Applies a message, if its sender may send it. */
function applyToRefactor(state: RefactorState, sent: Message, at: number, verified: Verified | undefined): Came {
  const { id: workflow, control } = state;
  const rules = rulesOf(state.policy);
  const order = weighOrder({ message: sent, workflow, control, rules, forwarded: false, at, verified });
  if (order.kind === 'verify') return { ...order, state };
  if (order.kind === 'refused') return outcome('refused', order.reason, state);
  const came = perform(state, order.message, at, verified);
  const counts = came.kind !== 'refused' && came.kind !== 'verify';
  return counts ? { ...came, state: noteAuthor(came.state, order.message, verified) } : came;
}

function perform(state: RefactorState, message: Message, at: number, verified: Verified | undefined): Came {
  switch (message.verb) {
    case 'steer':
      return steerRefactor(state, message, at);
    case 'withdraw':
    case 'edit':
      return changeSteerOfRefactor(state, message, at);
    case 'pause':
      return pauseRefactor(state, message, at);
    case 'resume':
      return resumeRefactor(state, message, at);
    case 'stop':
      return outcome('applied', 'stopping', stopRefactor(state, at, message.by ?? 'unknown', message.reason ?? ''));
    case 'approve':
    case 'reject':
      return decideForRefactor(state, message, at, verified);
    case 'answer':
      return answerForRefactor(state, message, at, verified);
    case 'revisePlan':
      return revisePlan(state, message, at, verified);
    case 'rewind':
    case 'fork':
      return passToTask(state, message);
    case 'adoptPolicy':
      // Before preparing, policy is read anyway. Runs from before layers can't read it again.
      return state.policyFrom
        ? { kind: 'read', input: policyInput(state), by: message.by, state }
        : outcome('refused', 'its policy has not been read yet', state);
    case 'choose':
      return chooseForRefactor(state, message, at, verified);
  }
}

function outcome(kind: 'applied' | 'accepted' | 'refused', detail: string, state: RefactorState): Came {
  return { kind, detail, state };
}

function steerRefactor(before: RefactorState, message: MessageOf<'steer'>, at: number): Came {
  const by = message.by ?? 'unknown';
  const { to, ...steer } = message;
  const running = listRunning(before).filter(({ task }) => to === undefined || task === to);
  const full = findFullQueue(before.control, before.heldSteers, message);
  if (running.length === 0 && full !== undefined) return outcome('refused', full, before);
  const steering = noteSaid(before, message, at);
  const state = keepForLater(log({ ...before, steering }, at, `steer from ${by}: ${message.text}`), message);
  if (running.length > 0) return passOn(state, running, steer, 'passed on to');
  const late = findLate(state);
  if (late !== undefined) return outcome('refused', late, before);
  if (to === undefined)
    return outcome('accepted', describeNext(state), {
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

/** A steer without a task is for all work: agents that start later get it too. */
function keepForLater(state: RefactorState, message: MessageOf<'steer'>): RefactorState {
  const { standingSteers } = state;
  if (!standingSteers || message.to !== undefined) return state;
  return { ...state, standingSteers: addStanding(standingSteers, message) };
}

/** Which agents get a steer that waits. In older runs only the next one gets it. */
function describeNext({ tasks, standingSteers }: RefactorState): string {
  if (standingSteers) return 'no agent works now: each one that starts gets it';
  const waiting = tasks.filter(({ status }) => status === 'waiting').map(({ task }) => task.id);
  const one = 'no agent works now: the next one that starts gets it, and no other';
  return waiting.length < 2 ? one : `${one}. To reach a certain task, say which ("to"): ${waiting.join(', ')}`;
}

/** Why no agent would ever receive a steer now; undefined if one may. */
function findLate({ rejectsForChanges, control, deliveryApproved }: RefactorState): string | undefined {
  if (!rejectsForChanges) return undefined;
  if (deliveryApproved) return `the delivery was approved by ${deliveryApproved.by}, and no agent works any more`;
  const gate = listOpenDecisions(control).find(({ kind }) => kind === 'delivery' || kind === 'checks');
  if (!gate) return undefined;
  return `no agent works any more, and ${gate.id} waits: reject it with these words as its note, and an agent works on them`;
}

function pauseRefactor(state: RefactorState, message: MessageOf<'pause'>, at: number): Came {
  const by = message.by ?? 'unknown';
  const paused = log(
    { ...state, control: { ...state.control, paused: pauseBy(state.control, message, at) } },
    at,
    `paused by ${by}`,
  );
  const forwards = listRunning(state).map(({ id }) => ({ agent: id, message }));
  return outcome('applied', `paused, with ${counted(forwards.length, 'agent')}`, {
    ...paused,
    forwards: [...paused.forwards, ...forwards],
  });
}

function resumeRefactor(before: RefactorState, sent: MessageOf<'resume'>, at: number): Came {
  const { branch, ...message } = sent;
  const named = branch === undefined ? { kind: 'taken' as const, state: before } : takeBranch(before, branch, at);
  if (named.kind === 'refused') return outcome('refused', named.detail, before);
  const { state } = named;
  const running = listRunning(state);
  if (message.setup !== undefined && state.prepared)
    return outcome(
      'refused',
      'setup has prepared the base already: only one that failed there can be replaced',
      before,
    );
  if (message.from !== undefined) {
    if (running.length === 1) return passOn(state, running, message, 'passed on to');
    return outcome('refused', `${running.length} agents work: send a commit to the agent that should take it`, before);
  }
  const by = message.by ?? 'unknown';
  const waiting = state.control.paused ? running : running.filter(({ report }) => report?.hold);
  const isWaiting = state.control.paused || state.hold || waiting.length > 0;
  if (!isWaiting && branch !== undefined) return outcome('applied', `it delivers branch ${branch}`, state);
  if (!isWaiting) return outcome('refused', 'nothing is paused and nothing holds', state);
  const forwards = waiting.map(({ id }) => ({ agent: id, message }));
  const resumed = {
    ...askForBudgetAgain(state),
    ...(message.setup === undefined ? {} : { setup: message.setup }),
    control: { ...state.control, paused: null },
    hold: null,
    forwards: [...state.forwards, ...forwards],
  };
  const where = branch === undefined ? '' : `, for branch ${branch}`;
  const unsaid = message.setup === undefined ? '' : describeUnsaid(resumed);
  return outcome(
    'applied',
    `resumed, with ${counted(forwards.length, 'agent')}${where}${unsaid}`,
    log(resumed, at, `resumed by ${by}`),
  );
}

/** A note that a network which was allowed at a terminal counts only for the start's setup. */
function describeUnsaid({ input, setup = input.setup }: RefactorState): string {
  if (setup === input.setup || !input.policy?.network?.setup) return '';
  return (
    '; the network that was allowed for the first setup (--network-for-setup) does not count for this one: ' +
    'allow it in a policy file or by COXSWAIN_SETUP_NETWORK'
  );
}

function passToTask(state: RefactorState, message: MessageOf<'rewind'> | MessageOf<'fork'>): Came {
  const running = listRunning(state).filter(({ task }) => message.task === undefined || task === message.task);
  const [agent, ...others] = running;
  if (agent && others.length === 0) return passOn(state, [agent], message, 'passed on to');
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
