/**
 * The refactor's budget of time: how long it works, not counting the time that it waits for a person.
 * Rule: when it is used up, nothing new begins and running agents pause after their step, until a person gives more.
 */
import type { Clock } from '../budget/amounts.ts';
import { digestValue } from '../digest.ts';
import { listOpenDecisions, openDecision } from '../decisions/open-decisions.ts';
import { UNLIMITED } from '../policy/policy.ts';
import type { RefactorState } from './state.ts';
import { listRunning } from './work.ts';

const MINUTE_MS = 60_000;

const STOPPED: Clock = { workedMs: 0, since: null, addedMinutes: 0 };

function limitMs({ policy, clock = STOPPED }: RefactorState): number | null {
  const { minutes } = policy.budget;
  if (!minutes || minutes.value >= UNLIMITED) return null;
  return (minutes.value + clock.addedMinutes) * MINUTE_MS;
}

/** When the time is used up, in milliseconds; null while the clock stands still, or without such a budget. */
export function timeIsUpAt(state: RefactorState): number | null {
  const limit = limitMs(state);
  const { since, workedMs } = state.clock ?? STOPPED;
  return limit === null || since === null || state.outcome ? null : since + limit - workedMs;
}

/** Counts the time until now, and asks for more if none is left. */
export function countTime(state: RefactorState, at: number): RefactorState {
  const limit = limitMs(state);
  if (limit === null || state.outcome) return state;
  const clock = state.clock ?? STOPPED;
  const workedMs = clock.workedMs + (clock.since === null ? 0 : at - clock.since);
  const counted = { ...state, clock: { ...clock, workedMs, since: isWaitingForPeople(state) ? null : at } };
  return workedMs < limit || clock.refused || isAsking(state) ? counted : askForTime(counted, at, limit);
}

function isAsking({ control }: RefactorState): boolean {
  return listOpenDecisions(control).some(({ resource }) => resource === 'minutes');
}

/** Whether all remaining work waits for people. */
function isWaitingForPeople(state: RefactorState): boolean {
  if (state.control.paused || state.hold || listOpenDecisions(state.control).length > 0) return true;
  const running = listRunning(state);
  return running.length > 0 && running.every(({ report }) => report?.hold || (report?.decisions.length ?? 0) > 0);
}

function askForTime(state: RefactorState, at: number, limit: number): RefactorState {
  const value = state.policy.budget.minutes?.value ?? 0;
  const steps = state.agents.map(({ id, report }) => `- ${id}: ${report?.steps ?? 0} steps`);
  const about = [`${limit / MINUTE_MS} minutes of work are used; approve ${value} more?`, ...steps].join('\n');
  const decision = { name: 'time', kind: 'budget' as const, about, digest: digestValue({ about }) };
  const control = openDecision(state.control, at, { ...decision, resource: 'minutes' });
  const message = { verb: 'pause' as const, reason: 'the time of its refactor is used up', by: 'coxswain' };
  const pauses = listRunning(state).map(({ id }) => ({ agent: id, message }));
  const clock = { ...(state.clock ?? STOPPED), since: null };
  return { ...state, control, clock, forwards: [...state.forwards, ...pauses] };
}

/** Adds policy's minutes once more. Agents that were paused for lack of time go on. */
export function addTime(state: RefactorState, by: string): RefactorState {
  const clock = state.clock ?? STOPPED;
  const addedMinutes = clock.addedMinutes + (state.policy.budget.minutes?.value ?? 0);
  const message = { verb: 'resume' as const, reason: 'there is time again', by };
  const resumes = state.control.paused ? [] : listRunning(state).map(({ id }) => ({ agent: id, message }));
  return { ...state, clock: { ...clock, addedMinutes }, forwards: [...state.forwards, ...resumes] };
}
