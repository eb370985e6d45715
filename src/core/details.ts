/**
 * What people read in the Temporal UI while a run lives: its current details.
 * Rule: what came from a repository or a model is escaped before it is shown.
 */
import type { AgentState } from './agent-state.ts';
import { listOpenDecisions } from './control.ts';
import { escapeForPeople } from './escape.ts';
import { listAllOpen } from './refactor-work.ts';
import type { RefactorState, TaskState } from './refactor-state.ts';
import { agentState, refactorState } from './views.ts';

/** How a task's status is shown in lists. */
export const TICKS: Record<TaskState['status'], string> = {
  waiting: '[ ]',
  working: '[~]',
  finished: '[~]',
  integrated: '[x]',
  failed: '[!]',
};

export function showSpend(spend: RefactorState['spend']): string {
  const cost = spend.costUsd === null ? 'price unknown' : `$${spend.costUsd.toFixed(4)}`;
  return `${spend.inputTokens + spend.outputTokens} tokens in ${spend.modelCalls} model calls (${cost}), ${spend.acts} commands`;
}

/** Current details of a refactor, Markdown. */
export function describeRefactor(state: RefactorState): string {
  const open = listAllOpen(state);
  const lines = [
    `**Goal** ${escapeForPeople(state.input.goal)}`,
    `**State** ${refactorState(state)}${state.hold ? `: ${escapeForPeople(state.hold.reason)}` : ''}`,
    `**Isolation** ${state.prepared?.isolation ?? 'not known yet'} · **Spend** ${showSpend(state.spend)}`,
    ...state.tasks.map(
      ({ task, status }) => `- ${TICKS[status]} ${task.id}: ${escapeForPeople(task.title)} (${status})`,
    ),
    ...open.map(({ id, about }) => `**Waits for a decision** \`${id}\`: ${escapeForPeople(about.slice(0, 500))}`),
  ];
  return lines.join('\n\n');
}

/** Current details of an agent, Markdown. */
export function describeAgent(state: AgentState): string {
  const lines = [
    `**Task** ${state.spec.task}: ${escapeForPeople(state.spec.title)}`,
    `**State** ${agentState(state)}, step ${state.step} of ${state.maxSteps}${state.hold ? `: ${escapeForPeople(state.hold.reason)}` : ''}`,
    `**Isolation** ${state.spec.isolation} · **Spend** ${showSpend(state.spend)}`,
    ...listOpenDecisions(state.control).map(
      ({ id, about }) => `**Waits for a decision** \`${id}\`: ${escapeForPeople(about.slice(0, 500))}`,
    ),
    ...state.control.log.slice(-10).map(({ text }) => `- ${escapeForPeople(text)}`),
  ];
  return lines.join('\n\n');
}
