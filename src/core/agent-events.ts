/**
 * An agent as a reducer, second half: `advanceAgent` takes in what happened.
 * Rule: every call of the model leaves a result to be told, and only a gate that said "allowed" lets it run.
 */
import type {
  AgentEvent,
  AgentOutcome,
  AgentState,
  PendingCall,
  Proposal,
  ThinkOutcome,
} from './agent-state.ts';
import type { Control } from './control.ts';
import { addLog, closeDecision, listOpenDecisions, openDecision, settleReceipts } from './control.ts';
import { digestValue } from './digest.ts';
import { findRed } from './evidence.ts';
import type { Sha } from './transcript.ts';

/** Answers in a row without a usable call before the agent holds: enough for a slip, too few for a loop. */
export const MAX_REPAIRS = 3;
/** Checkpoints that the state names for rewinding; older ones are in the chain. */
const MAX_CHECKPOINTS = 50;

/** Takes in one event; the old state is left as it was. */
export function advanceAgent(state: AgentState, event: AgentEvent): AgentState {
  if (state.outcome && event.kind !== 'reported' && event.kind !== 'orphaned') return state;
  switch (event.kind) {
    case 'began':
      return say({ ...state, head: event.head, cut: false }, event.at, 'began');
    case 'thought':
      return takeThought(state, event.at, event.outcome);
    case 'acted':
      return takeAct(state, event);
    case 'checked':
      return takeEvidence(state, event);
    case 'reported':
      // A handler may have put a newer report there while this one was on its way.
      return { ...state, outbox: state.outbox.filter((report) => report !== event.report) };
    case 'orphaned':
      return orphan(state, event.at);
    case 'cut':
      return takeCut(state, event);
    case 'failed':
      return holdAgent({ ...state, wheel: null }, event.at, `${event.what} failed: ${event.reason}`);
    case 'cancelled':
      return endAgent(state, event.at, { kind: 'stopped', head: state.head, by: 'temporal', reason: 'the workflow was cancelled' });
  }
}

function takeThought(before: AgentState, at: number, outcome: ThinkOutcome): AgentState {
  const spend = {
    inputTokens: before.spend.inputTokens + outcome.usage.inputTokens,
    cachedTokens: before.spend.cachedTokens + outcome.usage.cachedTokens,
    outputTokens: before.spend.outputTokens + outcome.usage.outputTokens,
    costUsd: before.spend.costUsd === null || outcome.usage.costUsd === null ? null : before.spend.costUsd + outcome.usage.costUsd,
    modelCalls: before.spend.modelCalls + 1,
    acts: before.spend.acts,
  };
  const control = settleReceipts(before.control, outcome.delivered, 'delivered', `delivered to model call ${before.step}`);
  let state: AgentState = {
    ...before,
    control,
    spend,
    head: outcome.head,
    restore: null,
    wheel: null,
    results: [],
    nudges: [],
    // Steers that came while the model was thinking are not in what it read.
    steers: before.steers.filter(({ id }) => !outcome.delivered.includes(id)),
    contextTokens: outcome.usage.inputTokens + outcome.usage.outputTokens,
    newBytes: 0,
    cut: false,
    checkpoints: addCheckpoint(before, outcome.head, 'think'),
  };
  if (outcome.said) state = say(state, at, `${before.step} said: ${outcome.said}`);
  for (const note of outcome.notes) state = say(state, at, `${before.step} note: ${note}`);
  if (outcome.stop === 'refused') return nudge(state, at, 'the model refused', 'Your last answer was a refusal. Go on with the task by one tool call, or call ask.');
  const [call, ...extra] = outcome.proposals;
  const results = extra.map(({ callId }) => ({ callId, output: 'Not run: one call at a time. Make it again if it is still needed.' }));
  state = { ...state, results };
  if (!call) return nudge(state, at, 'the model answered without a call', 'Your last answer had no tool call. Go on by exactly one tool call; call finish when the task is done.');
  // A refactor that passed a steer on hears that the model has it.
  return gateCall(outcome.delivered.length > 0 ? publish(state) : state, at, call);
}

/** Decides one proposal: allow, ask or deny; every way out leaves something to be told to the model. */
function gateCall(state: AgentState, at: number, call: Proposal): AgentState {
  if (call.problem) {
    const told = tell(state, call.callId, `This call was not run: ${call.problem}`);
    return nudge(told, at, call.problem);
  }
  const usable = { ...state, repairs: 0 };
  const { task } = state.spec;
  if (call.tool === 'finish') return takeFinish(usable, at, call);
  if (call.tool === 'decline') return endAgent(usable, at, { kind: 'declined', reason: call.summary });
  if (call.tool === 'ask') {
    const control = openDecision(usable.control, at, { name: `${task}/question`, kind: 'question', about: call.summary, digest: call.digest });
    return publish(say(waitFor({ ...usable, control }, call, control), at, `${state.step} asks: ${call.summary}`));
  }
  const gate = state.spec.policy.gates.commands;
  if (gate.value === 'allow') return { ...usable, pending: { ...call, gate: 'allowed', by: `policy gates.commands (${gate.from})` } };
  if (gate.value === 'deny') return nextStep(tell(usable, call.callId, `Policy denies this call (gates.commands, ${gate.from}).`));
  const control = openDecision(usable.control, at, { name: `${task}/call`, kind: 'call', about: call.summary, digest: call.digest });
  return publish(waitFor({ ...usable, control }, call, control));
}

function waitFor(state: AgentState, call: Proposal, control: Control): AgentState {
  const decision = control.decisions.at(-1)?.id;
  return { ...state, pending: { ...call, gate: 'asked', by: 'nobody yet', ...(decision ? { decision } : {}) } };
}

function takeFinish(state: AgentState, at: number, call: Proposal): AgentState {
  if (state.spec.kind === 'plan') {
    if (!call.plan || !state.head) return nudge(tell(state, call.callId, 'The plan is missing.'), at, 'finish came without a plan');
    return endAgent(state, at, { kind: 'planned', head: state.head, plan: call.plan });
  }
  if (state.spec.checks.length > 0) return { ...state, pending: { ...call, gate: 'checking', by: 'coxswain' } };
  return finishAgent(state, at, call.summary);
}

function finishAgent(state: AgentState, at: number, summary: string): AgentState {
  if (!state.head) throw new Error('an agent without a head cannot finish');
  return endAgent(state, at, { kind: 'finished', head: state.head, summary, evidence: state.evidence });
}

function takeEvidence(state: AgentState, event: Extract<AgentEvent, { kind: 'checked' }>): AgentState {
  const { pending } = state;
  const red = findRed(event.evidence);
  const judged = { ...state, evidence: event.evidence, cut: false };
  if (!pending) return judged;
  if (red.length === 0) return finishAgent(say(judged, event.at, 'checks are green'), event.at, pending.summary);
  const lines = red.map(({ command, exitCode, tail }) => `$ ${command}\nexit status ${exitCode ?? 'none'}\n${tail}`);
  const told = tell({ ...judged, pending: null }, pending.callId, `Not confirmed: ${red.length} of ${state.spec.checks.length} checks are red on your files.\n${lines.join('\n')}`);
  return nextStep(say(told, event.at, `${state.step} finish not confirmed: ${red.map(({ command }) => command).join(', ')} red`));
}

function takeAct(before: AgentState, event: Extract<AgentEvent, { kind: 'acted' }>): AgentState {
  const { outcome } = event;
  const ended = outcome.signal ?? outcome.exitCode ?? 'no exit status';
  let state: AgentState = {
    ...before,
    head: outcome.head,
    beforeAct: before.head,
    pending: null,
    cut: false,
    newBytes: before.newBytes + Math.min(outcome.outputBytes, 64 * 1024),
    spend: { ...before.spend, acts: before.spend.acts + 1 },
    checkpoints: addCheckpoint(before, outcome.head, before.pending?.summary ?? 'act'),
  };
  state = say(state, event.at, `${before.step} ${before.pending?.summary ?? 'act'} → ${ended}`);
  return outcome.outside.length === 0 ? nextStep(state) : takeOutside(state, event.at, outcome.outside);
}

function takeOutside(state: AgentState, at: number, outside: string[]): AgentState {
  const list = outside.join(', ');
  if (state.spec.policy.gates.scope.value === 'deny') return undoAct(nextStep(state), `Policy denies changes outside the task's paths: ${list}.`);
  const control = openDecision(state.control, at, {
    name: `${state.spec.task}/scope`,
    kind: 'scope',
    about: `changed outside the task's paths: ${list}`,
    digest: digestValue({ head: state.head, outside }),
  });
  return publish(nextStep({ ...state, control, askedPaths: outside }));
}

/** Puts the files back to before the last act; the model is told why. */
export function undoAct(state: AgentState, why: string): AgentState {
  return { ...state, restore: state.beforeAct, nudges: [...state.nudges, `${why} Your last call's changes were undone; stay within the task's paths.`] };
}

function takeCut(state: AgentState, event: Extract<AgentEvent, { kind: 'cut' }>): AgentState {
  const cut = say({ ...state, cut: false }, event.at, `${state.step} ${event.what} was interrupted`);
  if (!state.pending || event.what === 'begin' || event.what === 'think') return cut;
  const told = tell({ ...cut, pending: null }, state.pending.callId, 'A supervisor interrupted this call. It had no effect on your files.');
  return nextStep(told);
}

/** Adds what the model will be told of a call at the next think. */
export function tell(state: AgentState, callId: string, output: string): AgentState {
  return { ...state, pending: null, results: [...state.results, { callId, output }], newBytes: state.newBytes + output.length };
}

function nudge(state: AgentState, at: number, problem: string, text?: string): AgentState {
  const repairs = state.repairs + 1;
  const nudged = nextStep({ ...state, repairs, pending: null, nudges: text ? [...state.nudges, text] : state.nudges });
  if (repairs < MAX_REPAIRS) return say(nudged, at, `${state.step} no usable call: ${problem}`);
  return holdAgent({ ...nudged, repairs: 0 }, at, `${repairs} answers in a row had no usable call; the last: ${problem}`);
}

/** Ends a step; at the end of its budget the agent asks before it begins another. */
export function nextStep(state: AgentState): AgentState {
  return { ...state, step: state.step + 1 };
}

export function holdAgent(state: AgentState, at: number, reason: string): AgentState {
  return publish(say({ ...state, cut: false, hold: { reason: reason.slice(0, 2000), at } }, at, `holds: ${reason}`));
}

function orphan(state: AgentState, at: number): AgentState {
  const alone = { ...state, outbox: [] };
  if (state.outcome) return alone;
  return { ...say(alone, at, 'its refactor is closed'), hold: { reason: 'its refactor is closed: stop this agent, or resume it to work on alone', at } };
}

/** Ends the agent; open decisions are withdrawn, and the refactor is told. */
export function endAgent(state: AgentState, at: number, outcome: AgentOutcome): AgentState {
  const withdrawn = listOpenDecisions(state.control).reduce(
    (control, { id }) => closeDecision(control, id, { outcome: 'withdrawn', by: 'coxswain', at, note: `the agent ${outcome.kind}`, bound: true }),
    settleReceipts(state.control, state.steers.map(({ id }) => id), 'superseded', `the agent had ${outcome.kind} before the next model call`),
  );
  const ended = { ...state, control: withdrawn, outcome, pending: null, cut: false, hold: null, steers: [], evidence: state.evidence };
  return publish(say(ended, at, describeOutcome(outcome)));
}

function describeOutcome(outcome: AgentOutcome): string {
  switch (outcome.kind) {
    case 'finished':
      return `finished: ${outcome.summary}`;
    case 'planned':
      return `planned ${outcome.plan.tasks.length} tasks`;
    case 'declined':
      return `declined: ${outcome.reason}`;
    case 'stopped':
      return `stopped by ${outcome.by}: ${outcome.reason}`;
    case 'failed':
      return `failed: ${outcome.reason}`;
  }
}

/** Puts the present needs into the outbox, for the refactor to mirror; the newest replaces one not sent yet. */
export function publish(state: AgentState): AgentState {
  if (!state.spec.refactor) return state;
  const report = {
    agent: state.id,
    task: state.spec.task,
    decisions: listOpenDecisions(state.control),
    hold: state.hold,
    head: state.head,
    steps: state.step,
    spend: state.spend,
    receipts: state.control.receipts.slice(-20).map(({ id, state: became, detail }) => ({ id, state: became, detail })),
    outcome: state.outcome,
  };
  return { ...state, outbox: [report] };
}

function addCheckpoint(state: AgentState, head: Sha, what: string): AgentState['checkpoints'] {
  return [...state.checkpoints, { step: state.step, head, what: what.slice(0, 80) }].slice(-MAX_CHECKPOINTS);
}

export function say(state: AgentState, at: number, text: string): AgentState {
  return { ...state, control: addLog(state.control, at, text) };
}
