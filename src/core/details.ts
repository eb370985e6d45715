/**
 * The pages that people read in the Temporal UI: current details while a run lives, the report at its end.
 * Rule: what came from a repository or a model is escaped before it is shown.
 */
import type { AgentState } from './agent-state.ts';
import { listOpenDecisions } from './control.ts';
import { escapeForPeople } from './escape.ts';
import { listAllOpen } from './refactor-events.ts';
import type { RefactorState, TaskState } from './refactor-state.ts';
import { agentState, refactorState, showEvidence } from './views.ts';

const TICKS: Record<TaskState['status'], string> = { waiting: '[ ]', working: '[~]', finished: '[~]', integrated: '[x]', failed: '[!]' };
/** Most characters of a report: well under Temporal's 2 MB for a result. */
const MAX_REPORT_CHARACTERS = 200_000;

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
    ...state.tasks.map(({ task, status }) => `- ${TICKS[status]} ${task.id}: ${escapeForPeople(task.title)} (${status})`),
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
    ...listOpenDecisions(state.control).map(({ id, about }) => `**Waits for a decision** \`${id}\`: ${escapeForPeople(about.slice(0, 500))}`),
    ...state.control.log.slice(-10).map(({ text }) => `- ${escapeForPeople(text)}`),
  ];
  return lines.join('\n\n');
}

/** The report: what was asked, planned, decided, changed, checked and spent; Markdown. */
export function renderReport(state: RefactorState): string {
  const { plan, prepared } = state;
  const section = (title: string, lines: readonly string[]): string[] => (lines.length > 0 ? [`## ${title}`, ...lines, ''] : []);
  const decisions = state.control.decisions.flatMap(({ id, closed }) =>
    closed ? [`- ${id}: ${closed.outcome} by ${escapeForPeople(closed.by)} (a claim, not signed)${closed.note ? `: ${escapeForPeople(closed.note)}` : ''}`] : [],
  );
  const reproduce = state.line ? state.evidence.map(({ command }) => `- \`git checkout ${state.line ?? ''} && ${escapeForPeople(command)}\``) : [];
  const lines = [
    `# ${escapeForPeople(state.input.goal.split('\n')[0] ?? '')}`,
    '',
    `Outcome: ${state.outcome?.kind ?? state.phase}. Base ${prepared?.commit ?? 'unknown'}, branch ${escapeForPeople(state.branch)}, isolation ${prepared?.isolation ?? 'unknown'}.`,
    '',
    ...section('Plan', plan ? [`Version ${plan.version} by ${escapeForPeople(plan.by)}, approved by ${escapeForPeople(plan.approvedBy ?? 'nobody')}.`, ...state.tasks.map((task) => `- ${TICKS[task.status]} ${task.task.id}: ${escapeForPeople(task.task.title)}. ${escapeForPeople(task.summary)}`)] : []),
    ...section('Decisions', decisions),
    ...section('Steering', state.steering.map(({ by, text }) => `- ${escapeForPeople(by)}: ${escapeForPeople(text)}`)),
    ...section('Deviations', state.deviations.map((text) => `- ${escapeForPeople(text)}`)),
    ...section('Evidence', showEvidence(state.evidence).map((line) => `- ${escapeForPeople(line)}`)),
    ...section('Base before', showEvidence(prepared?.evidence ?? []).map((line) => `- ${escapeForPeople(line)}`)),
    ...section('How to reproduce', reproduce),
    ...section('Changes', state.delivered ? ['```', escapeForPeople(state.delivered.stat), '```', ...state.delivered.notes.map((note) => `- ${escapeForPeople(note)}`)] : []),
    ...section('Notes', (prepared?.notes ?? []).map((note) => `- ${escapeForPeople(note)}`)),
    '## Spend',
    showSpend(state.spend),
    '',
  ];
  return lines.join('\n').slice(0, MAX_REPORT_CHARACTERS);
}
