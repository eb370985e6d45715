/**
 * What a rejection of a refactor's own decision leads to: its note becomes work. If a budget is rejected, what is done
 * is offered for delivery.
 * Rule: no rejection by a person ends a run; only `stop` does. In older runs a rejection ends the run.
 */
import type { Decision } from '../decisions/control.ts';
import { describeRed, findCounting, findRed } from '../evidence.ts';
import {
  askForBudgetAgain,
  createExtra,
  hasResult,
  holdRefactor,
  integrationChecksOf,
  log,
  MAX_REPAIR_ROUNDS,
  workAgain,
} from './work.ts';
import { rulesOf } from '../policy/decision-fields.ts';
import { isClaim } from '../decisions/orders.ts';
import { updateReceipts } from '../decisions/receipts.ts';
import type { RefactorState } from './state.ts';
import { shorten } from '../text/lines.ts';

/** Who wants something changed, and what. */
interface Wish {
  by: string;
  note: string;
}

/** What a person's rejection leads to. Undefined if it ends the run: in an older run, or if policy rejected. */
export function workOnRejection(
  state: RefactorState,
  decision: Decision,
  at: number,
  { by, note }: { by: string; note: string | undefined },
): RefactorState | undefined {
  if (!state.rejectsForChanges) return undefined;
  if (decision.kind === 'budget') return refuseBudget(state, decision, at, by);
  if (note === undefined) return undefined;
  switch (decision.kind) {
    case 'baseline':
      return planFirst(state, at, { by, note });
    case 'choice':
      return raceAgain(state, decision, at, { by, note });
    case 'checks':
      return requestChanges(
        state,
        at,
        { by, note },
        `\n\nThese checks are red:\n\n${showRed(findCounting(state.evidence))}`,
      );
    case 'delivery':
      return requestChanges(state, at, { by, note }, '');
    default:
      return undefined;
  }
}

/** A plan that was rejected with a note goes back to a planner, which gets the note. */
export function planAgain(state: RefactorState, { by, note }: Wish): RefactorState {
  const attempt = state.agents.filter(({ kind }) => kind === 'plan').length;
  const text = {
    id: 'plan',
    title: 'Plan the refactor again',
    instructions: `${by} rejected the last plan: ${note}\n\nThe last plan was:\n${JSON.stringify(state.plan?.plan)}`,
  };
  const extra = { ...createExtra('plan', text, ['**'], state.input.checks), attempt };
  return { ...state, phase: 'planning', extra };
}

/** Additional work on the integrated result: an agent changes what somebody asks for. */
function requestChanges(before: RefactorState, at: number, { by, note }: Wish, why: string): RefactorState {
  const round = nextRound(before);
  // These changes are not about checks that a person accepted as red, so such checks must not hold up the agent.
  const red = new Set(before.redAccepted ? findRed(before.evidence).map(({ command }) => command) : []);
  const work = createExtra(
    'repair',
    {
      id: `changes-${round}`,
      title: shorten(note, 72),
      instructions: `${by} looked at the integrated work and wants changes before it is delivered: ${note}${why}`,
    },
    [...new Set(before.tasks.flatMap(({ task, extraPaths = [] }) => [...task.paths, ...extraPaths]))],
    integrationChecksOf(before).filter((check) => !red.has(check)),
  );
  const state: RefactorState = {
    ...askForBudgetAgain(before),
    changes: round,
    phase: 'working',
    extra: work,
    evidenceFor: null,
    deliveryApproved: null,
    redAccepted: false,
    // If checks stayed red through all rounds of repair, the next red ones ask at once.
    repairs: red.size > 0 ? before.repairs : 0,
  };
  return log(state, at, `${work.task.id}: ${by} wants changes`);
}

/** The number of the next changes. No task of the plan has the id made from it. */
function nextRound({ tasks, changes }: RefactorState): number {
  let round = changes + 1;
  while (tasks.some(({ task }) => task.id === `changes-${round}`)) round += 1;
  return round;
}

/** Red checks as the agent reads them that repairs them. */
export function showRed(red: RefactorState['evidence']): string {
  return red.map(describeRed).join('\n\n');
}

/** Steers that no agent has received when the work is done become additional work, before the delivery is asked for. */
export function workOnSteers(state: RefactorState, at: number): RefactorState | undefined {
  const [first] = state.heldSteers;
  if (!state.rejectsForChanges || !first) return undefined;
  const rules = rulesOf(state.policy);
  const names = state.heldSteers.map((steer) => {
    const { by = 'unknown' } = steer;
    return isClaim(steer, state.control, rules) ? `somebody who says to be ${by} (not signed)` : by;
  });
  const by = [...new Set(names)].join(', ');
  const note = state.heldSteers.map(({ text }) => text).join('\n\n');
  // The agent also gets them as steers, which updates their receipts.
  const heldSteers = state.heldSteers.map(({ to: _, ...steer }) => steer);
  return requestChanges({ ...state, heldSteers }, at, { by, note }, '');
}

/** Tells the planner what to plan first, since a person did not accept a base with red checks. */
function planFirst(state: RefactorState, at: number, { by, note }: Wish): RefactorState {
  const { extra, prepared } = state;
  if (!extra || !prepared) return state;
  const instructions = `${extra.task.instructions}\n\nChecks are red on the untouched base, and ${by} does not want to go on from there. Plan this first: ${note}\n\n${showRed(findRed(prepared.evidence))}`;
  const told: RefactorState = { ...state, extra: { ...extra, task: { ...extra.task, instructions } } };
  return log(told, at, `the planner is told what ${by} wants first`);
}

/** A person rejected the results of all rivals: another agent tries, and gets the note. */
function raceAgain(state: RefactorState, decision: Decision, at: number, wish: Wish): RefactorState {
  const work = state.tasks.find(({ task }) => task.id === decision.task);
  if (!work) return state;
  return workAgain(
    state,
    at,
    { ...work, rivals: undefined, forks: [] },
    `${wish.by} chose none for ${work.task.id}`,
    wish,
  );
}

/**
 * Work that needs more budget is left out, and what is done is offered for delivery. Agents with tokens or dollars left
 * go on with these; when they have ended, more is asked for again.
 */
function refuseBudget(before: RefactorState, { id, resource }: Decision, at: number, by: string): RefactorState {
  const running = before.agents.filter(({ status }) => status !== 'ended');
  const clock = resource === 'minutes' && before.clock ? { clock: { ...before.clock, refused: true } } : {};
  const state: RefactorState = { ...before, ...clock };
  if (resource !== 'minutes' && running.length > 0) return state;
  const left = [...state.tasks, ...(state.extra ? [state.extra] : [])].filter(
    ({ status }) => !['integrated', 'finished', 'dropped'].includes(status),
  );
  if (!state.plan?.approvedBy || !hasResult(state))
    return holdRefactor(
      state,
      at,
      `${by} rejected ${id}, and nothing is integrated yet that could be delivered. Resume to be asked for the budget again, or stop`,
    );
  const names = left.map(({ task }) => task.id).join(', ');
  const stops = running.map((agent) => ({
    agent: agent.id,
    message: { verb: 'stop' as const, reason: `${by} rejected ${id}`, by },
  }));
  const dropped: RefactorState = {
    ...dropSteers(state),
    tasks: state.tasks.map((work) => (left.includes(work) ? { ...work, status: 'dropped', forks: [] } : work)),
    extra: state.extra && left.includes(state.extra) ? null : state.extra,
    deviations: [...state.deviations, `${by} gave no more budget; left out: ${names}`],
    budgetRefused: true,
    evidenceFor: null,
    // Without budget no agent can repair red checks, so a person is asked about them.
    repairs: MAX_REPAIR_ROUNDS,
    forwards: [...state.forwards, ...stops],
  };
  return log(dropped, at, `left out, since ${by} gave no more budget: ${names}`);
}

function dropSteers(state: RefactorState): RefactorState {
  const ids = state.heldSteers.flatMap(({ id }) => id ?? []);
  const control = updateReceipts(state.control, ids, 'superseded', 'the work that it was for is left out');
  return { ...state, control, heldSteers: [] };
}
