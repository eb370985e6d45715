/**
 * What an agent does with a message: queue a steer, pause, decide, rewind. Each message leaves a receipt and gets an
 * answer.
 * Rule: nothing here throws or waits. What can't be done is refused with the reason, and changes nothing else.
 */
import { policyInputOf } from './adopt-policy.ts';
import type { MessageOrigin } from './decisions.ts';
import { answerQuestion, decideForAgent } from './decisions.ts';
import { gateAgain } from './gate-call.ts';
import type { AgentState } from './state.ts';
import { changeSteerOfAgent, toSteer } from './withdraw.ts';
import { endAgent, nextStep, publish, say, tell } from './work.ts';
import { rulesOf } from '../policy/decision-fields.ts';
import type { Decision } from '../decisions/control.ts';
import type { Verified } from '../decisions/weigh.ts';
import type { Message, MessageOf, Verb } from '../decisions/messages.ts';
import { withdrawDecisions } from '../decisions/open-decisions.ts';
import { findPauseProblem, noteAuthor, pauseBy, weighOrder } from '../decisions/orders.ts';
import type { MessageOutcome, Received } from '../decisions/receive.ts';
import { receive } from '../decisions/receive.ts';
import { findFullQueue } from '../decisions/steer-queue.ts';
import type { Sha } from '../transcript.ts';
import { shaSchema } from '../transcript.ts';

type Came = MessageOutcome<AgentState>;

/** Receives a message from a client, or from its refactor (`forwarded`), or once more with its signature verified. */
export function receiveForAgent(
  state: AgentState,
  verb: Verb,
  inputs: readonly unknown[],
  at: number,
  forwarded = false,
  verified?: Verified,
): Received<AgentState> {
  const ended = state.outcome ? `the agent has ${state.outcome.kind} already` : undefined;
  const apply = (message: Message): Came => applyToAgent(state, message, at, { forwarded, verified });
  const received = receive({ state, verb, inputs, at, verified, ended, apply });
  // If the refactor passed it on, a refusal is reported to it at once. Older agents did not do that.
  const isRefused = forwarded && received.answer.kind === 'refused' && state.spec.policy.decisions !== undefined;
  return verified || isRefused ? { ...received, state: publish(received.state) } : received;
}

/** Applies a message, if its sender may send it. */
function applyToAgent(state: AgentState, sent: Message, at: number, way: MessageOrigin): Came {
  const { id: workflow, control } = state;
  const order = weighOrder({ message: sent, workflow, control, rules: rulesOf(state.spec.policy), at, ...way });
  if (order.kind === 'verify') return { ...order, state };
  if (order.kind === 'refused') return refused(state, order.reason);
  const came = perform(state, order.message, at, way);
  if (came.kind === 'refused' || came.kind === 'verify') return came;
  const noted = noteAuthor(came.state, order.message, way.verified);
  // The refactor weighs its delivery, so it must know who guided this agent.
  return { ...came, state: noted === came.state ? noted : publish(noted) };
}

function perform(state: AgentState, message: Message, at: number, way: MessageOrigin): Came {
  switch (message.verb) {
    case 'steer':
      return steerAgent(state, message, at);
    case 'withdraw':
    case 'edit':
      return changeSteerOfAgent(state, message, at);
    case 'pause':
      return applied(
        {
          ...state,
          control: { ...state.control, paused: pauseBy(state.control, message, at) },
        },
        'paused: the running step ends, no other starts',
      );
    case 'resume':
      return resumeAgent(state, message, at);
    case 'stop': {
      const by = message.by ?? 'unknown';
      return applied(
        endAgent(state, at, { kind: 'stopped', head: state.head, by, reason: message.reason ?? '' }),
        'stopped',
      );
    }
    case 'approve':
    case 'reject':
      return decideForAgent(state, message, at, way);
    case 'answer':
      return answerQuestion(state, message, at, way.verified);
    case 'revisePlan':
      return refused(state, 'an agent has no plan to revise: send this to the refactor');
    case 'rewind':
      return rewindAgent(state, message, at);
    case 'fork':
      return forkAgent(state, message, at);
    case 'adoptPolicy': {
      const input = policyInputOf(state);
      return input
        ? { kind: 'read', input, by: message.by, state }
        : refused(state, 'this agent began before its policy could be read again');
    }
    case 'choose':
      return refused(state, 'send this to the refactor: it knows which agents there are to choose from');
  }
}

function applied(state: AgentState, detail: string): Came {
  return { kind: 'applied', detail, state };
}

function refused(state: AgentState, detail: string): Came {
  return { kind: 'refused', detail, state };
}

function steerAgent(state: AgentState, message: MessageOf<'steer'>, at: number): Came {
  if (message.to !== undefined && message.to !== state.spec.task) {
    return refused(state, `this agent works task "${state.spec.task}", not "${message.to}"`);
  }
  const full = findFullQueue(state.control, state.steers, message);
  if (full !== undefined) return refused(state, full);
  const by = message.by ?? 'unknown';
  // The steer's id is its receipt's id: addReceipt makes the same one for a message without an id.
  const id = message.id ?? `steer-${state.control.received + 1}`;
  const steered = say(
    { ...state, steers: [...state.steers, toSteer(state, id, message)] },
    at,
    `steer from ${by}: ${message.text}`,
  );
  const cut = message.interrupt === true;
  return {
    kind: 'accepted',
    detail: cut ? 'interrupts the step, then reaches the next model call' : 'reaches the next model call',
    state: { ...steered, cut },
  };
}

function resumeAgent(state: AgentState, message: MessageOf<'resume'>, at: number): Came {
  if (message.branch !== undefined)
    return refused(state, 'an agent delivers no branch: send the branch to its refactor');
  if (message.setup !== undefined) return refused(state, 'an agent has no setup of its own: send this to the refactor');
  let wheel: Sha | null = null;
  if (message.from !== undefined) {
    const parsed = shaSchema.safeParse(message.from);
    if (!parsed.success)
      return refused(
        state,
        `from: "${message.from.slice(0, 80)}" is not a full commit id; push the commit to the hub first`,
      );
    wheel = parsed.data;
  }
  if (!state.control.paused && !state.hold && !wheel) return refused(state, 'nothing is paused and nothing holds');
  const problem = findPauseProblem(state.control, message, rulesOf(state.spec.policy));
  if (problem !== undefined) return refused(state, problem);
  const by = message.by ?? 'unknown';
  const control = { ...state.control, paused: null };
  const alone = state.orphaned && state.rules ? { orphaned: undefined, alone: true as const } : {};
  const going = say({ ...state, ...alone, control, hold: null }, at, `resumed by ${by}`);
  if (!wheel) return applied(publish(gateAgain(going, at)), 'resumed');
  return applied(publish(takeWheel(going, at, wheel)), `resumed from ${wheel.slice(0, 10)}`);
}

/** A person's files replace the agent's. A call that was made for the old files does not run; a question stays open. */
function takeWheel(before: AgentState, at: number, wheel: Sha): AgentState {
  const state = { ...before, wheel, cut: true };
  if (!state.pending || state.pending.tool === 'ask') return state;
  const control = withdrawDecisions(state.control, at, ['call'], 'a supervisor took the wheel');
  return nextStep(tell({ ...state, control }, state.pending.callId, 'Not run: a supervisor took the wheel first.'));
}

function rewindAgent(state: AgentState, message: MessageOf<'rewind'>, at: number): Came {
  if (message.task !== undefined && message.task !== state.spec.task) {
    return refused(state, `this agent works task "${state.spec.task}", not "${message.task}"`);
  }
  const checkpoint = findCheckpoint(state, String(message.to));
  if (typeof checkpoint === 'string') return refused(state, checkpoint);
  const by = message.by ?? 'unknown';
  const kinds: Decision['kind'][] = ['call', 'outside', 'effects', 'budget', 'question'];
  const control = withdrawDecisions(state.control, at, kinds, 'rewound');
  const rewound = { ...state, control, cut: true, hold: null, rewindTo: checkpoint.head };
  return applied(
    publish(say(rewound, at, `rewound by ${by} to step ${checkpoint.step}`)),
    `goes back to step ${checkpoint.step}, ${checkpoint.head.slice(0, 10)}`,
  );
}

/** The checkpoint with this step number or commit id, or why there is none. */
function findCheckpoint(state: AgentState, to: string): AgentState['checkpoints'][number] | string {
  const matches = /^\d{1,5}$/.test(to)
    ? state.checkpoints.filter(({ step }) => String(step) === to).slice(-1)
    : state.checkpoints.filter(({ head }) => to.length >= 7 && head.startsWith(to));
  const [checkpoint] = matches;
  if (checkpoint && matches.length === 1) return checkpoint;
  const known = state.checkpoints.map(({ step, head }) => `${step} (${head.slice(0, 10)})`).join(', ');
  return `no single checkpoint "${to}"; a step's number or a commit id, of: ${known || 'none yet'}`;
}

/** Asks the refactor to start another agent from one of this agent's checkpoints. This agent works on. */
function forkAgent(state: AgentState, message: MessageOf<'fork'>, at: number): Came {
  if (!state.spec.refactor) return refused(state, 'this agent works alone: a fork needs a refactor to choose in');
  if (state.spec.kind === 'plan') return refused(state, 'a planner is not forked: reject its plan with a note instead');
  const last = state.checkpoints.at(-1);
  const checkpoint = message.to === undefined ? last : findCheckpoint(state, String(message.to));
  if (!checkpoint) return refused(state, 'there is no checkpoint yet to fork from');
  if (typeof checkpoint === 'string') return refused(state, checkpoint);
  const { head, step } = checkpoint;
  const by = message.by ?? 'unknown';
  const id = message.id ?? `fork-${state.control.received + 1}`;
  const { keptEffects, permits } = state;
  const kept = { ...(keptEffects.length > 0 ? { kept: keptEffects } : {}), ...(permits.length > 0 ? { permits } : {}) };
  const forks = [...state.forks, { id, head, step, text: message.text ?? null, by, ...kept }];
  return applied(
    publish(say({ ...state, forks }, at, `forked by ${by} at step ${step}`)),
    `a second agent starts from step ${step}, ${head.slice(0, 10)}`,
  );
}

/** The state of a rewound agent's new run: files, conversation and step go back together. */
export function restartAt(state: AgentState, at: number): AgentState {
  const to = state.rewindTo;
  if (!to) return state;
  const index = state.checkpoints.findIndex(({ head }) => head === to);
  const checkpoint = state.checkpoints[index];
  return say(
    {
      ...state,
      head: to,
      step: (checkpoint?.step ?? 0) + 1,
      checkpoints: state.checkpoints.slice(0, index + 1),
      pending: null,
      beforeAct: null,
      restore: null,
      leaveOut: undefined,
      wheel: null,
      results: [],
      nudges: [],
      repairs: 0,
      cut: false,
      evidence: [],
      rewindTo: null,
    },
    at,
    `a new chain starts at ${to.slice(0, 10)}`,
  );
}
