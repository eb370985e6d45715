/**
 * The refactor's reducer, second half: `advanceRefactor` applies events.
 * Rule: one and the same commit is checked, approved and delivered. After any later change the integration branch goes
 * through its gates again.
 */
import { digestValue } from '../digest.ts';
import { findRed } from '../evidence.ts';
import type { FailureType } from '../failures.ts';
import { openDecision } from '../decisions/open-decisions.ts';
import { listPolicyChanges } from '../policy/changes.ts';
import {
  createExtra,
  endRefactor,
  findWork,
  hasResult,
  holdRefactor,
  isPart,
  log,
  replaceWork,
  tryAgain,
} from './work.ts';
import { takeDescription, takeReport, takeSpend, takeStart } from './agents.ts';
import { takeDelivery } from './delivered.ts';
import { takeOverreach } from './effects.ts';
import { takeEvidence } from './checks.ts';
import { takeReview } from './review.ts';
import { showUsd } from '../price.ts';
import { hearFromAgent } from '../decisions/receipts.ts';
import type { Forward, RefactorEvent, RefactorState, TaskState } from './state.ts';
import { dropUnwarranted } from './warrants.ts';
import type { EndEvent } from './end.ts';
import { isEndEvent, takeEnd, takeEndFailure } from './end.ts';
import { openRequest } from './request.ts';
import { takeReserved } from './budget.ts';
import type { Sha } from '../transcript.ts';
import { takeTrouble } from '../trouble.ts';

/** Attempts at one task that may end in a conflict before a person is asked. */
const MAX_ATTEMPTS = 4;

const CANCELLED = { kind: 'stopped', by: 'temporal', reason: 'the workflow was cancelled', cancelled: true } as const;

/** Failures of preparing that waiting does not repair: the start was wrong. */
const HOPELESS: readonly string[] = ['BadRepository', 'SetupFailed', 'BadInput', 'BadPolicy'] satisfies FailureType[];

/** The state after an event. The old state is not changed. */
export function advanceRefactor(before: RefactorState, event: RefactorEvent): RefactorState {
  if (event.kind === 'troubled') {
    const trouble = takeTrouble(before.trouble, event.at, event.news);
    return log({ ...before, trouble }, event.at, `${trouble.what} failed ${trouble.attempt} times: ${trouble.reason}`);
  }
  const state = before.trouble && event.kind !== 'agentReported' ? { ...before, trouble: null } : before;
  if (isEndEvent(event)) return takeEnd(state, event);
  const ended = event.kind === 'failed' ? takeEndFailure(state, event) : undefined;
  if (ended) return ended;
  if (
    state.outcome &&
    !['agentReported', 'forwarded', 'agentStarted', 'agentSuperseded', 'described'].includes(event.kind)
  )
    return { ...state, cut: false };
  return takeEvent(BEGUN.includes(event.kind) ? { ...state, begun: undefined } : state, event);
}

/** Events that end a command which took something of the budget. */
const BEGUN: readonly RefactorEvent['kind'][] = ['agentStarted', 'agentSuperseded', 'reviewed', 'failed', 'cut'];

function takeEvent(
  state: RefactorState,
  event: Exclude<RefactorEvent, { kind: 'troubled' } | EndEvent>,
): RefactorState {
  switch (event.kind) {
    case 'pricesRead':
      return takePrices(state, event);
    case 'reserved':
      return takeReservation(state, event);
    case 'policyRead':
      return takePolicy(state, event);
    case 'prepared':
      return takePrepared({ ...state, cut: false }, event);
    case 'agentStarted':
      return takeStart(state, event);
    case 'agentSuperseded': {
      const work = findWork(state, event.id);
      const next = work ? replaceWork(state, { ...work, attempt: work.attempt + 1 }) : state;
      return log(next, event.at, `${event.id} was running already: it is cancelled, and the next attempt is started`);
    }
    case 'agentReported':
      return takeReport(state, event.at, event.report);
    case 'described':
      return event.agents.reduce((next, agent) => takeDescription(next, event.at, agent), state);
    case 'reviewed':
      return takeReview({ ...state, cut: false }, event.at, event.review);
    case 'integrated':
      return takeIntegration(state, event);
    case 'checked':
      return takeEvidence({ ...state, cut: false }, event);
    case 'delivered':
      return takeDelivery(state, event);
    case 'forwarded':
      return takeForward(state, event);
    case 'cut':
      return { ...state, cut: false };
    case 'failed':
      return takeFailure(state, event);
    case 'cancelled':
      return endRefactor(state, event.at, CANCELLED);
  }
}

/** Applies a reservation. No budget counts before it is reserved. If an account has too little, the refactor holds. */
function takeReservation(state: RefactorState, event: Extract<RefactorEvent, { kind: 'reserved' }>): RefactorState {
  const { at, input, outcome } = event;
  if (outcome.kind === 'short')
    return holdRefactor(state, at, `${outcome.reason}. Wait, or add to it (cox account raise); then resume`);
  const names = input.accounts.map(({ account, per }) => `${account} (${per})`).join(', ');
  return log({ ...state, reserved: takeReserved(input) }, at, `its budget is reserved in ${names}`);
}

/** Puts the policy of all layers in force. Each changed field is logged. */
function takePolicy(state: RefactorState, event: Extract<RefactorEvent, { kind: 'policyRead' }>): RefactorState {
  const { read, at } = event;
  const { commit, policy, organisation } = read;
  const layers = organisation === undefined ? {} : { organisation };
  const next: RefactorState = { ...state, policy, policyFrom: commit, ...layers };
  const { state: opened, problems } = openRequest(next, event.request);
  if (problems.length > 0 && !state.prepared)
    return endRefactor(opened, at, { kind: 'failed', type: 'PrepareFailed', reason: problems.join('; ') });
  const changes = listPolicyChanges(state.policy, read.policy);
  return changes.reduce<RefactorState>((logged, change) => log(logged, at, `policy ${change}`), opened);
}

/**
 * Applies the prices. A budget of money can't be kept without a price, so this is reported before anything is spent.
 */
function takePrices(state: RefactorState, { at, read }: Extract<RefactorEvent, { kind: 'pricesRead' }>): RefactorState {
  const reviewer = state.policy.review?.model.value ?? null;
  const unknown = [...(read.own ? [] : [read.model]), ...(reviewer === null || read.review ? [] : [reviewer])];
  if (read.own && unknown.length === 0)
    return { ...state, prices: { own: read.own, ...(read.review ? { review: read.review } : {}) } };
  const { usd } = state.policy.budget;
  const reason =
    `there is a budget of ${showUsd(usd?.value ?? 0)} (budget.usd, ${usd?.from}), but no price for ${unknown.join(', ')}: ` +
    'add it to the table of COXSWAIN_PRICES, or take the budget away';
  if (!state.prepared) return endRefactor(state, at, { kind: 'failed', type: 'PrepareFailed', reason });
  return holdRefactor(state, at, `${reason}; then resume`);
}

function takePrepared(before: RefactorState, event: Extract<RefactorEvent, { kind: 'prepared' }>): RefactorState {
  const { prepared, at } = event;
  let state: RefactorState = { ...before, prepared, line: prepared.commit, lineTree: prepared.tree, phase: 'planning' };
  state = log(state, at, `prepared: base ${prepared.commit.slice(0, 10)}`);
  for (const note of prepared.notes) state = log(state, at, note);
  const red = findRed(prepared.evidence);
  const planner = createExtra(
    'plan',
    {
      id: 'plan',
      title: 'Plan the refactor',
      instructions: 'Look around with read-only commands, then hand in a plan.',
    },
    ['**'],
    state.input.checks,
  );
  state = { ...state, extra: planner };
  if (red.length === 0) return state;
  const about = `checks are red on the untouched base: ${red.map(({ command }) => command).join(', ')}. Go on all the same? Approved, a check that stays red in the same way holds nobody.\n${red[0]?.tail ?? ''}`;
  return {
    ...state,
    control: openDecision(state.control, at, {
      kind: 'baseline',
      about,
      digest: digestValue(prepared.evidence),
    }),
  };
}

function takeIntegration(before: RefactorState, event: Extract<RefactorEvent, { kind: 'integrated' }>): RefactorState {
  const { outcome, at } = event;
  const work =
    before.extra?.task.id === event.task ? before.extra : before.tasks.find(({ task }) => task.id === event.task);
  if (!work) return before;
  const state = { ...before, integrations: before.integrations + 1, cut: false };
  if (outcome.kind === 'conflict') return mergeAgain(state, at, work, outcome);
  if (outcome.kind === 'outside') return takeOverreach(state, at, work, outcome);
  if (outcome.kind === 'untrue') return tryAgain(state, at, work, `${event.task} is not integrated: ${outcome.reason}`);
  // The permits have been verified and are large, so they are dropped.
  const { permits: _, asked: __, ...rest } = work;
  const isAll = outcome.kind === 'unchanged' && isPart(work) && state.countsMerged;
  const leftOut = work.leftOut && isAll ? { leftOut: { ...work.leftOut, isAll } } : {};
  const done = takeSpend(replaceWork(state, { ...rest, ...leftOut, status: 'integrated' }), at, work, outcome);
  if (outcome.kind === 'unchanged') return log(done, at, `${event.task} changed nothing${describeLeft(work)}`);
  const { line, tree, findings, moreFindings } = outcome;
  const effects = findings ? { effects: { line, findings, more: moreFindings ?? 0 } } : {};
  return log(
    { ...done, line, lineTree: tree, ...effects },
    at,
    `${event.task} integrated: ${outcome.changed} files, ${line.slice(0, 10)}`,
  );
}

function describeLeft(work: TaskState): string {
  return isPart(work) ? ` but what was left out: ${work.leftOut?.paths.join(', ')}` : '';
}

function mergeAgain(
  state: RefactorState,
  at: number,
  work: TaskState,
  conflict: { tree: Sha; files: string[] },
): RefactorState {
  const instructions = `${work.task.instructions}\n\nYour work met other work in: ${conflict.files.join(', ')}. These files have conflict markers now. Resolve them so that both intentions hold.`;
  const again: TaskState = {
    ...work,
    task: { ...work.task, instructions },
    kind: 'merge',
    status: 'waiting',
    start: state.line,
    startTree: conflict.tree,
    conflicts: conflict.files,
  };
  const next = log(replaceWork(state, again), at, `${work.task.id} conflicts in ${conflict.files.join(', ')}`);
  if (state.budgetRefused) return leaveOutConflict(next, at, again);
  if (work.attempt < MAX_ATTEMPTS) return next;
  return holdRefactor(
    next,
    at,
    `${work.task.id} conflicted ${work.attempt} times (${conflict.files.join(', ')}). Resume to try once more, or revise the plan`,
  );
}

/** Without budget no agent can merge: the conflicting work is left out if there is anything else to deliver. */
function leaveOutConflict(state: RefactorState, at: number, work: TaskState): RefactorState {
  const what = `${work.task.id}, which conflicts in ${work.conflicts.join(', ')}`;
  if (!hasResult(state))
    return holdRefactor(
      state,
      at,
      `no more budget was given, and there is nothing else to deliver: ${what}. Resume to be asked for the budget again, or stop`,
    );
  const dropped = replaceWork(state, { ...work, status: 'dropped', forks: [] });
  const extra = state.extra?.task.id === work.task.id ? null : state.extra;
  const said = `no more budget was given; left out: ${what}`;
  return log({ ...dropped, extra, deviations: [...state.deviations, said] }, at, said);
}

/** Refuses the receipt of a message whose agent has ended. A steer stays open, for the next agent. */
function tellLost(state: RefactorState, { agent, message }: Forward): RefactorState {
  const { control } = state;
  const isWaiting = control.receipts.some(({ id, state: became }) => id === message.id && became === 'forwarded');
  if (message.verb === 'steer' || message.id === undefined || !isWaiting) return state;
  const task = findWork(state, agent)?.task.id ?? agent;
  const news = { id: message.id, state: 'refused', detail: `${agent} has ended` };
  return { ...state, control: hearFromAgent(control, { id: agent, task }, [news]) };
}

function takeForward(state: RefactorState, event: Extract<RefactorEvent, { kind: 'forwarded' }>): RefactorState {
  const forwards = state.forwards.filter((forward) => forward !== event.forward);
  if (!event.lost) return { ...state, forwards };
  const told = tellLost(state, event.forward);
  const { agent } = event.forward;
  const agents = state.agents.map((other) => (other.id === agent ? { ...other, status: 'ended' as const } : other));
  const work = findWork(state, agent);
  const lost = log(
    { ...told, forwards, agents },
    event.at,
    `${agent} is closed and could not be told to ${event.forward.message.verb}`,
  );
  if (!work || work.status !== 'working' || state.outcome) return lost;
  return holdRefactor(
    replaceWork(lost, { ...work, status: 'waiting' }),
    event.at,
    `${work.task.id}: its agent was ended from outside. Resume to try it with a new one`,
  );
}

function takeFailure(state: RefactorState, event: Extract<RefactorEvent, { kind: 'failed' }>): RefactorState {
  if (event.type === ('BaseMoved' satisfies FailureType))
    return log({ ...state, policyFrom: null }, event.at, `${event.reason}: policy is read again`);
  if (event.type === ('SetupFailed' satisfies FailureType) && state.holdsSetup) {
    const what = 'Resume to run it again, or with another command: {"setup": "…"} (cox resume <id> --setup "…")';
    return holdRefactor(state, event.at, `${what}. ${event.reason}`);
  }
  if (['prepare', 'readPolicy'].includes(event.what) && HOPELESS.includes(event.type)) {
    return endRefactor(state, event.at, { kind: 'failed', type: 'PrepareFailed', reason: event.reason });
  }
  const { at, what, reason } = event;
  return holdRefactor(dropUnwarranted(state, event), at, `${what} failed: ${reason}. Fix that, then resume`);
}
