/**
 * The agent's reducer, second half: `advanceAgent` applies events.
 * Rule: every call of the model gets a result, and only a call whose gate is `allowed` runs.
 */
import { chargeLost } from './budget.ts';
import { gateCall, takeCallReview } from './gate-call.ts';
import { gateEffects } from './gate-effects.ts';
import type { AgentEvent, AgentState } from './state.ts';
import type { ThinkOutcome } from './step.ts';
import {
  addCheckpoint,
  endAgent,
  finishAgent,
  holdAgent,
  nextStep,
  nudge,
  orphan,
  publish,
  say,
  tell,
  wordsOf,
} from './work.ts';
import { describeRed, findCounting, findRed } from '../evidence.ts';
import type { FailureType } from '../failures.ts';
import { isUnwarranted } from '../failures.ts';
import { updateReceipts } from '../decisions/receipts.ts';
import { spendOn } from '../spend.ts';
import { shorten } from '../text/lines.ts';
import { takeTrouble } from '../trouble.ts';

/** What people and the model are told of a response that reached the limit of output tokens. */
const CUT_OFF =
  'the answer was cut off at the limit of output tokens, reasoning included: ' +
  'a lower COXSWAIN_REASONING_EFFORT or a smaller task needs fewer, a larger token budget allows more';
const CUT_OFF_TOLD =
  'Your last answer was cut off at the limit of output tokens, reasoning included, before its tool call was complete. ' +
  'Nothing of it was run. Think shorter and make one smaller call: split a long patch or file into several calls.';

/** The state after an event. The old state is not changed. */
export function advanceAgent(before: AgentState, event: AgentEvent): AgentState {
  if (event.kind === 'troubled') return takeNews(before, event);
  if (event.kind === 'touch') return before.outcome ? before : publish(before);
  const state = isEnd(event) && before.trouble ? publish({ ...before, trouble: null }) : before;
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
    case 'reviewed':
      return takeCallReview(state, event.at, event.review);
    case 'reported':
      // A message handler may have queued a newer report while this one was being sent.
      return {
        ...state,
        outbox: state.outbox.filter((report) => report !== event.report),
        forks: state.forks.filter((fork) => !event.report.forks?.some(({ id }) => id === fork.id)),
        // The refactor exists again, for example after a reset.
        ...(state.alone ? { alone: undefined } : {}),
      };
    case 'orphaned':
      return orphan(state, event.at);
    case 'hostGone':
      return say(
        { ...state, host: null },
        event.at,
        `host ${event.host} is gone: the workspace is made anew elsewhere`,
      );
    case 'cut':
      return takeCut(state, event);
    case 'failed':
      if (event.type === ('RefactorGone' satisfies FailureType))
        return orphan(chargeLost(state, event.at, isPaid(state, event.what) ? 1 : 0), event.at);
      return holdAgent({ ...takeBack(state, event), wheel: null }, event.at, `${event.what} failed: ${event.reason}`);
    case 'cancelled':
      return endAgent(state, event.at, {
        kind: 'stopped',
        head: state.head,
        by: 'temporal',
        reason: 'the workflow was cancelled',
        cancelled: true,
      });
  }
}

/** Takes back the permission of a call for which a worker had no warrant. */
function takeBack(state: AgentState, { what, type }: Extract<AgentEvent, { kind: 'failed' }>): AgentState {
  if (what !== 'act' || !isUnwarranted(type) || !state.pending) return state;
  return { ...state, pending: { ...state.pending, gate: 'asked', again: true } };
}

/** Whether an event ends an activity, and so its trouble. */
function isEnd(event: AgentEvent): boolean {
  return event.kind !== 'reported' && event.kind !== 'orphaned';
}

function takeNews(state: AgentState, { at, news }: Extract<AgentEvent, { kind: 'troubled' }>): AgentState {
  if (state.outcome) return state;
  const trouble = takeTrouble(state.trouble, at, news);
  return publish(say({ ...state, trouble }, at, `${news.what} failed ${news.attempt} times: ${news.reason}`));
}

/** Most models that an agent names; a provider may change their names in the middle of a run. */
const MAX_MODELS = 5;
const MAX_MODEL_NAME = 100;

function nameModel(models: readonly string[] = [], name: string): string[] {
  return [...new Set([...models, shorten(name, MAX_MODEL_NAME)])].slice(-MAX_MODELS);
}

function takeThought(reserved: AgentState, at: number, outcome: ThinkOutcome): AgentState {
  const before = chargeLost(reserved, at, outcome.lost ?? 0);
  const spend = [outcome.usage, ...(outcome.compacted ? [outcome.compacted] : [])].reduce(spendOn, before.spend);
  const control = updateReceipts(
    before.control,
    outcome.delivered,
    'delivered',
    `delivered to model call ${before.step}`,
  );
  let state: AgentState = {
    ...before,
    control,
    spend,
    models: nameModel(before.models, outcome.model),
    head: outcome.head,
    restore: null,
    leaveOut: undefined,
    wheel: null,
    results: [],
    nudges: [],
    // Steers that came while the model was thinking stay, since the model has not read them.
    steers: before.steers.filter(({ id }) => !outcome.delivered.includes(id)),
    contextTokens: outcome.usage.inputTokens + outcome.usage.outputTokens,
    newBytes: 0,
    cut: false,
    checkpoints: addCheckpoint(before, outcome.head, 'think'),
  };
  if (outcome.said) state = say(state, at, `${before.step} said: ${outcome.said}`);
  for (const note of outcome.notes) state = say(state, at, `${before.step} note: ${note}`);
  if (outcome.stop === 'refused')
    return nudge(
      state,
      at,
      'the model refused',
      'Your last answer was a refusal. Go on with the task by one tool call, or call ask.',
    );
  const [call, ...extra] = outcome.proposals;
  const results = extra.map(({ callId }) => ({
    callId,
    output: 'Not run: one call at a time. Make it again if it is still needed.',
  }));
  state = { ...state, results };
  if (!call && outcome.stop === 'truncated') return nudge(state, at, CUT_OFF, CUT_OFF_TOLD);
  if (!call)
    return nudge(
      state,
      at,
      'the model answered without a call',
      'Your last answer had no tool call. Go on by exactly one tool call; call finish when the task is done.',
    );
  // The refactor that passed a steer on learns that the model has it.
  return gateCall(outcome.delivered.length > 0 ? publish(state) : state, at, call);
}

function takeEvidence(state: AgentState, event: Extract<AgentEvent, { kind: 'checked' }>): AgentState {
  const { pending } = state;
  const red = findCounting(event.evidence);
  const judged = { ...state, evidence: event.evidence, cut: false };
  if (!pending) return judged;
  const before = findRed(event.evidence).length - red.length;
  const said = before === 0 ? 'checks are green' : `checks are green, but for ${before} red as on the base`;
  if (red.length === 0) return finishAgent(say(judged, event.at, said), event.at, wordsOf(pending));
  const lines = red.map(describeRed);
  const told = tell(
    { ...judged, pending: null },
    pending.callId,
    `Not confirmed: ${red.length} of ${state.spec.checks.length} checks are red on your files.\n${lines.join('\n')}`,
  );
  return nextStep(
    say(told, event.at, `${state.step} finish not confirmed: ${red.map(({ command }) => command).join(', ')} red`),
  );
}

function takeAct(before: AgentState, event: Extract<AgentEvent, { kind: 'acted' }>): AgentState {
  const { outcome } = event;
  const ended = outcome.signal ?? outcome.exitCode ?? 'no exit status';
  let state: AgentState = {
    ...before,
    head: outcome.head,
    ...(outcome.host === undefined ? {} : { host: outcome.host }),
    beforeAct: before.head,
    pending: null,
    cut: false,
    newBytes: before.newBytes + Math.min(outcome.outputBytes, 64 * 1024),
    spend: { ...before.spend, acts: before.spend.acts + 1 },
    checkpoints: addCheckpoint(before, outcome.head, before.pending?.summary ?? 'act'),
  };
  state = say(state, event.at, `${before.step} ${shorten(before.pending?.summary ?? 'act', 100)} → ${ended}`);
  return gateEffects(state, event.at, outcome, before.pending?.summary ?? 'act');
}

/** Whether a model may have been paid for an activity that was interrupted. */
function isPaid({ chargesCuts }: AgentState, what: string): boolean {
  return what === 'review' || (what === 'think' && chargesCuts === true);
}

function takeCut(state: AgentState, event: Extract<AgentEvent, { kind: 'cut' }>): AgentState {
  const charged = chargeLost(state, event.at, isPaid(state, event.what) ? 1 : 0);
  const cut = say({ ...charged, cut: false }, event.at, `${state.step} ${event.what} was interrupted`);
  if (!state.pending || event.what === 'begin' || event.what === 'think') return cut;
  const told = tell(
    { ...cut, pending: null },
    state.pending.callId,
    'A supervisor interrupted this call. It had no effect on your files.',
  );
  return nextStep(told);
}
