/**
 * Small changes of an agent's state that many files use: tell the model, hold, end, report.
 * Rule: every end withdraws open decisions and is reported to the refactor.
 */
import type { AgentOutcome, AgentState } from './state.ts';
import { addLog } from '../decisions/control.ts';
import { closeDecision, listClosed, listOpenDecisions } from '../decisions/open-decisions.ts';
import { updateReceipts } from '../decisions/receipts.ts';
import { listAsked } from '../review/review.ts';
import type { Proposal } from './step.ts';
import type { Sha } from '../transcript.ts';
import { showTrouble } from '../trouble.ts';
import { clip } from '../text/lines.ts';

/** Responses in a row without a usable call after which the agent holds: enough for a slip, too few for a loop. */
export const MAX_REPAIRS = 3;
/** Most checkpoints that the state lists for rewinding. Older ones are in the chain. */
const MAX_CHECKPOINTS = 50;
/** Most decisions, and most reviews, in a report. Each is one line. */
const MAX_TOLD = 20;

/** Adds the result of a call, which the model gets in the next think. */
export function tell(state: AgentState, callId: string, output: string): AgentState {
  return {
    ...state,
    pending: null,
    results: [...state.results, { callId, output }],
    newBytes: state.newBytes + output.length,
  };
}

/** Tells the model what was wrong with its response. After MAX_REPAIRS in a row the agent holds. */
export function nudge(state: AgentState, at: number, problem: string, text?: string): AgentState {
  const repairs = state.repairs + 1;
  const nudged = nextStep({ ...state, repairs, pending: null, nudges: text ? [...state.nudges, text] : state.nudges });
  if (repairs < MAX_REPAIRS) return say(nudged, at, `${state.step} no usable call: ${problem}`);
  return holdAgent(
    { ...nudged, repairs: 0 },
    at,
    `${repairs} answers in a row had no usable call; the last: ${problem}`,
  );
}

/** Puts the files back as they were before the last act, and tells the model why. */
export function undoAct(state: AgentState, why: string): AgentState {
  return {
    ...state,
    restore: state.beforeAct,
    nudges: [...state.nudges, `${why} Your last call's changes were undone; stay within what the task may do.`],
  };
}

/** Ends a step. Before the next one the budget is checked. */
export function nextStep(state: AgentState): AgentState {
  return { ...state, step: state.step + 1 };
}

/** Waits visibly until a person resumes. */
export function holdAgent(state: AgentState, at: number, reason: string): AgentState {
  return publish(say({ ...state, cut: false, hold: { reason: clip(reason, 2000).kept, at } }, at, `holds: ${reason}`));
}

/**
 * The refactor has closed, so nobody supervises the agent: it holds instead of spending, until somebody resumes it to
 * work alone.
 */
export function orphan(state: AgentState, at: number): AgentState {
  const unheard = { ...state, outbox: [] };
  if (state.outcome || state.alone) return unheard;
  return {
    ...say({ ...unheard, cut: false, orphaned: true }, at, 'its refactor is closed'),
    hold: { reason: 'its refactor is closed: stop this agent, or resume it to work on alone', at },
  };
}

/** Ends the agent with its work done. */
export function finishAgent(state: AgentState, at: number, summary: string): AgentState {
  if (!state.head) throw new Error('an agent without a head cannot finish');
  const { head, evidence, extraPaths, keptEffects, permits } = state;
  const kept = { keptEffects, ...(permits.length > 0 ? { permits } : {}) };
  return endAgent(state, at, { kind: 'finished', head, summary, evidence, extraPaths, ...kept });
}

/** Ends the agent: open decisions are withdrawn, and the refactor gets a report. */
export function endAgent(state: AgentState, at: number, outcome: AgentOutcome): AgentState {
  const withdrawn = listOpenDecisions(state.control).reduce(
    (control, { id }) =>
      closeDecision(control, id, {
        outcome: 'withdrawn',
        by: 'coxswain',
        at,
        note: `the agent ${outcome.kind}`,
        bound: true,
      }),
    updateReceipts(
      state.control,
      state.steers.map(({ id }) => id),
      'superseded',
      `the agent had ${outcome.kind} before the next model call`,
    ),
  );
  const ended = {
    ...state,
    control: withdrawn,
    outcome,
    pending: null,
    cut: false,
    hold: null,
    steers: [],
    evidence: state.evidence,
  };
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

/** Puts a report with the current needs into the outbox. It replaces a report that was not sent yet. */
export function publish(state: AgentState): AgentState {
  if (!state.spec.refactor) return state;
  const [decided, reviewed] = [listClosed(state.control), listAsked(state.reviews)];
  const report = {
    agent: state.id,
    task: state.spec.task,
    decisions: listOpenDecisions(state.control),
    hold: state.hold,
    head: state.head,
    steps: state.step,
    spend: state.spend,
    receipts: state.control.receipts.slice(-20).map(({ id, state: became, detail }) => ({ id, state: became, detail })),
    ...(decided.length > 0 ? { decided: decided.slice(-MAX_TOLD) } : {}),
    ...(reviewed.length > 0 ? { reviewed: reviewed.slice(-MAX_TOLD) } : {}),
    ...(state.authors.length > 0 ? { authors: state.authors } : {}),
    ...(state.models ? { models: state.models } : {}),
    ...(state.forks.length > 0 ? { forks: state.forks } : {}),
    ...(state.trouble ? { trouble: showTrouble(state.trouble) } : {}),
    outcome: state.outcome,
  };
  return { ...state, outbox: [report] };
}

/** Remembers a checkpoint for rewinding. */
export function addCheckpoint(state: AgentState, head: Sha, what: string): AgentState['checkpoints'] {
  return [...state.checkpoints, { step: state.step, head, what: clip(what, 80).kept }].slice(-MAX_CHECKPOINTS);
}

/** Adds a line to the log. */
export function say(state: AgentState, at: number, text: string): AgentState {
  return { ...state, control: addLog(state.control, at, text) };
}

/** A call's text for people, with a count of what the history does not keep. */
export function wordsOf({ summary, more }: Pick<Proposal, 'summary' | 'more'>): string {
  return more ? `${summary}\n… ${more} more characters, in the checkpoint` : summary;
}
