/**
 * Forks: several agents try one task from the same checkpoint, until a person chooses whose work counts.
 * Rule: agents that were not chosen are stopped, and their chains stay readable. No timeout chooses.
 */
import type { Decision } from '../decisions/control.ts';
import { digestValue } from '../digest.ts';
import { closeDecision, openDecision } from '../decisions/open-decisions.ts';
import { joinPermits } from '../decisions/permits.ts';
import type { Rival, RefactorState, TaskState } from './state.ts';
import { log, replaceWork } from './work.ts';

/** Adds the forks that an agent reports, each once. */
export function addForks(
  state: RefactorState,
  at: number,
  work: TaskState,
  forks: TaskState['forks'] = [],
): RefactorState {
  const known = work.forkIds ?? [];
  const fresh = forks.filter(({ id }) => !known.includes(id));
  if (fresh.length === 0 || work.status !== 'working') return state;
  const forkIds = [...known, ...fresh.map(({ id }) => id)];
  const next = replaceWork(state, { ...work, forkIds, forks: [...(work.forks ?? []), ...fresh] });
  return log(next, at, `${work.task.id} is forked by ${fresh.map(({ by }) => by).join(', ')}`);
}

/** The rivals for a task, including the agent of a new fork. */
export function addRival(state: RefactorState, work: TaskState, agent: string): Rival[] {
  const running = state.agents.filter(({ task, status }) => task === work.task.id && status !== 'ended');
  const rivals = work.rivals ?? running.map(({ id }) => ({ agent: id, result: null }));
  return [...rivals, { agent, result: null }];
}

/** A rival has ended: with a result it is a candidate, without one it is out. */
export function endRival(
  state: RefactorState,
  at: number,
  work: TaskState,
  agent: string,
  result: Rival['result'],
): RefactorState {
  const rivals = (work.rivals ?? []).flatMap((rival) => {
    if (rival.agent !== agent) return [rival];
    return result ? [{ agent, result }] : [];
  });
  const raced = log(
    replaceWork(state, { ...work, rivals }),
    at,
    `${agent} ${result ? 'finished' : 'is out of the race'}`,
  );
  const [only, ...others] = rivals;
  if (only && others.length === 0) return only.result ? adopt(raced, at, { ...work, rivals }, only) : raced;
  if (rivals.some((rival) => rival.result === null)) return raced;
  const about = rivals.map(
    ({ agent: id, result: won }) => `- ${id}: ${won?.summary ?? ''} (${won?.head.slice(0, 10)})`,
  );
  const control = openDecision(raced.control, at, {
    kind: 'choice',
    task: work.task.id,
    about: [`several agents finished ${work.task.id}; choose one by its id`, ...about].join('\n'),
    digest: digestValue(rivals),
  });
  return { ...raced, control };
}

/** Makes this rival's result the task's result. */
function adopt(state: RefactorState, at: number, work: TaskState, { agent, result }: Rival): RefactorState {
  if (!result) return state;
  const permits = joinPermits(work.permits, result.permits);
  // The winner stays listed, so that late reports of other rivals change nothing.
  const rivals = [{ agent, result: { ...result, permits: undefined } }];
  const finished: TaskState = { ...work, ...result, permits, agent, status: 'finished', rivals };
  return log(replaceWork(state, finished), at, `${work.task.id} finished by ${agent}: ${result.summary}`);
}

export type FoundRival = { kind: 'found'; work: TaskState; chosen: string } | { kind: 'refused'; detail: string };

/** The rival that a person names, and its task. */
export function findRival(state: RefactorState, agent: string): FoundRival {
  const raced = state.tasks.filter(({ rivals }) => (rivals?.length ?? 0) > 1);
  const all = raced.flatMap(({ rivals }) => (rivals ?? []).map((rival) => rival.agent));
  const wanted = `${state.id}/${agent}`;
  const chosen = all.find((other) => other === agent || other === wanted);
  const work = raced.find(({ rivals }) => rivals?.some((rival) => rival.agent === chosen));
  if (work && chosen) return { kind: 'found', work, chosen };
  const detail = `there is no agent "${agent}" to choose; of: ${all.join(', ') || 'none, no task is forked'}`;
  return { kind: 'refused', detail };
}

/** From now on only the chosen agent's work counts, even if rivals still work. They are stopped. */
export function decideChoice(
  state: RefactorState,
  choice: { work: TaskState; chosen: string; decision: Decision | undefined; by: string },
  at: number,
): { kind: 'applied'; detail: string; state: RefactorState } {
  const { work, chosen, decision, by } = choice;
  const losers = (work.rivals ?? []).filter(({ agent }) => agent !== chosen);
  const stops = losers.map(({ agent }) => ({
    agent,
    message: { verb: 'stop' as const, reason: `${by} chose ${chosen}`, by },
  }));
  const running = stops.filter(({ agent }) =>
    state.agents.some(({ id, status }) => id === agent && status !== 'ended'),
  );
  const rivals = (work.rivals ?? []).filter(({ agent }) => agent === chosen);
  const note = `chose ${chosen}`;
  const control = decision
    ? closeDecision(state.control, decision.id, { outcome: 'approved', by, at, note, bound: true })
    : state.control;
  const next = log({ ...state, control, forwards: [...state.forwards, ...running] }, at, `${by} ${note}`);
  const left: TaskState = { ...work, rivals, forks: [] };
  const [winner] = rivals;
  const settled = winner?.result ? adopt(next, at, left, winner) : replaceWork(next, left);
  return { kind: 'applied', detail: `${chosen} is chosen; ${losers.length} not chosen`, state: settled };
}
