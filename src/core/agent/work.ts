/**
 * Small moves that everything about an agent uses: tell the model, hold, end, report.
 * Rule: every end withdraws what is open and is reported to the refactor.
 */
import type { AgentOutcome, AgentState } from './state.ts';
import { addLog } from '../decisions/control.ts';
import { closeDecision, listClosed, listOpenDecisions } from '../decisions/open-decisions.ts';
import { settleReceipts } from '../decisions/receipts.ts';
import { listAsked } from '../review/review.ts';
import type { Proposal } from './step.ts';
import type { Sha } from '../transcript.ts';
import { showTrouble } from '../trouble.ts';

/** Answers in a row without a usable call before the agent holds: enough for a slip, too few for a loop. */
export const MAX_REPAIRS = 3;
/** Checkpoints that the state names for rewinding; older ones are in the chain. */
const MAX_CHECKPOINTS = 50;
/** Decisions, and reviews, that its refactor hears of: each is a line. */
const MAX_TOLD = 20;

/** Adds what the model will be told of a call at the next think. */
export function tell(state: AgentState, callId: string, output: string): AgentState {
  return {
    ...state,
    pending: null,
    results: [...state.results, { callId, output }],
    newBytes: state.newBytes + output.length,
  };
}

/** Tells the model what was wrong with its answer; after a few in a row the agent holds. */
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

/** Puts the files back to before the last act; the model is told why. */
export function undoAct(state: AgentState, why: string): AgentState {
  return {
    ...state,
    restore: state.beforeAct,
    nudges: [...state.nudges, `${why} Your last call's changes were undone; stay within what the task may do.`],
  };
}

/** Ends a step; at the end of its budget the agent asks before it begins another. */
export function nextStep(state: AgentState): AgentState {
  return { ...state, step: state.step + 1 };
}

/** Waits, visibly, until a person resumes. */
export function holdAgent(state: AgentState, at: number, reason: string): AgentState {
  return publish(say({ ...state, cut: false, hold: { reason: reason.slice(0, 2000), at } }, at, `holds: ${reason}`));
}

/** Nobody supervises this agent any more: it holds instead of spending, until somebody wants it to work alone. */
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
  const kept = { ...(keptEffects ? { keptEffects } : {}), ...(permits?.length ? { permits } : {}) };
  return endAgent(state, at, { kind: 'finished', head, summary, evidence, extraPaths, ...kept });
}

/** Ends the agent; open decisions are withdrawn, and the refactor is told. */
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
    settleReceipts(
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

/** Puts the present needs into the outbox, for the refactor to mirror; the newest replaces one not sent yet. */
export function publish(state: AgentState): AgentState {
  if (!state.spec.refactor) return state;
  const [decided, reviewed] = [listClosed(state.control), listAsked(state.reviews ?? [])];
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
    ...(state.authors?.length ? { authors: state.authors } : {}),
    ...(state.forks?.length ? { forks: state.forks } : {}),
    ...(state.trouble ? { trouble: showTrouble(state.trouble) } : {}),
    outcome: state.outcome,
  };
  return { ...state, outbox: [report] };
}

/** Remembers a checkpoint for rewinding. */
export function addCheckpoint(state: AgentState, head: Sha, what: string): AgentState['checkpoints'] {
  return [...state.checkpoints, { step: state.step, head, what: what.slice(0, 80) }].slice(-MAX_CHECKPOINTS);
}

/** Adds a line to the log. */
export function say(state: AgentState, at: number, text: string): AgentState {
  return { ...state, control: addLog(state.control, at, text) };
}

/** What a call says to people; what a history does not keep of it is counted. */
export function wordsOf({ summary, more }: Pick<Proposal, 'summary' | 'more'>): string {
  return more ? `${summary}\n… ${more} more characters, in the checkpoint` : summary;
}
