/**
 * What readers of a run's status derive from it: whether it has ended, its agents and their names, the rivals of a
 * choice.
 * Rule: pure, and of the status alone, so that the command line and the pages say the same.
 */
import type { NeedView, RefactorStatus } from './status.ts';

/** The states of refactors and agents that have ended: the kinds of their outcomes, and `cancelled`. */
const ENDED: readonly string[] = ['done', 'failed', 'stopped', 'cancelled', 'finished', 'planned', 'declined'];

/** Whether a refactor or an agent in this state has ended. */
export function hasEnded(state: string): boolean {
  return ENDED.includes(state);
}

/** Ids of the agents that a status names: those whose work counts, then the others at work and all rivals. */
export function agentIdsOf({ tasks, agents = [] }: Pick<RefactorStatus, 'tasks' | 'agents'>): string[] {
  return [...new Set([...tasks.flatMap(({ agent }) => agent ?? []), ...agents.map(({ id }) => id)])];
}

/** An agent's id without that of its refactor, such as `lib.1`. */
export function nameOfAgent(refactor: string, agent: string): string {
  return agent.startsWith(`${refactor}/`) ? agent.slice(refactor.length + 1) : agent;
}

/** The agents that a decision is a choice among. */
export function rivalsOf({ tasks }: RefactorStatus, { kind, task }: NeedView): string[] {
  return (kind === 'choice' && tasks.find(({ id }) => id === task)?.rivals) || [];
}
