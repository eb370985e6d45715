/**
 * The report of a refactor: what was asked, planned, decided, changed, checked and spent; Markdown.
 * Rule: what came from a repository or a model is escaped, and a claim is shown as one.
 */
import type { Decision } from './control.ts';
import { showSpend, TICKS } from './details.ts';
import { escapeForPeople as safe } from './escape.ts';
import type { RefactorState } from './refactor-state.ts';
import { showEvidence } from './views.ts';

/** Most characters of a report: well under Temporal's 2 MB for a result. */
const MAX_REPORT_CHARACTERS = 200_000;

/** The whole report. */
export function renderReport(state: RefactorState): string {
  const { prepared } = state;
  const heading = [
    `# ${safe(state.input.goal.split('\n')[0] ?? '')}`,
    '',
    `Outcome: ${state.outcome?.kind ?? state.phase}. Base ${prepared?.commit ?? 'unknown'}, branch ${safe(state.branch)}, ` +
      `isolation ${prepared?.isolation ?? 'unknown'}.`,
    '',
  ];
  const sections: [string, string[]][] = [
    ['Plan', listPlan(state)],
    ['Decisions', listDecisions(state)],
    ['Steering', state.steering.map(({ by, text }) => `- ${safe(by)}: ${safe(text)}`)],
    ['Deviations', state.deviations.map((text) => `- ${safe(text)}`)],
    ['Evidence', showEvidence(state.evidence).map((line) => `- ${safe(line)}`)],
    ['Base before', showEvidence(prepared?.evidence ?? []).map((line) => `- ${safe(line)}`)],
    [
      'How to reproduce',
      state.evidence.map(({ command, commit }) => `- \`git checkout ${commit} && ${safe(command)}\``),
    ],
    ['Changes', listChanges(state)],
    ['Notes', (prepared?.notes ?? []).map((note) => `- ${safe(note)}`)],
    ['Spend', [showSpend(state.spend)]],
  ];
  const shown = sections.flatMap(([title, lines]) => (lines.length > 0 ? [`## ${title}`, '', ...lines, ''] : []));
  return [...heading, ...shown].join('\n').slice(0, MAX_REPORT_CHARACTERS);
}

function listPlan({ plan, tasks }: RefactorState): string[] {
  if (!plan) return [];
  return [
    `Version ${plan.version} by ${safe(plan.by)}, approved by ${safe(plan.approvedBy ?? 'nobody')}.`,
    '',
    ...tasks.map(({ task, status, summary }) => `- ${TICKS[status]} ${task.id}: ${safe(task.title)}. ${safe(summary)}`),
  ];
}

function listDecisions({ control }: RefactorState): string[] {
  return control.decisions.flatMap((decision) => {
    const { id, closed } = decision;
    if (!closed) return [];
    const note = closed.note ? `: ${safe(closed.note)}` : '';
    return [`- ${id}: ${closed.outcome} by ${safe(closed.by)}${showProof(decision)}${note}`];
  });
}

/** How it is known who decided; nothing where nobody did. */
function showProof({ closed, approvals }: Decision): string {
  if (closed?.outcome === 'withdrawn' || approvals?.length === 0) return '';
  return approvals?.every(({ signed }) => signed) ? ' (signed)' : ' (a claim, not signed)';
}

function listChanges({ delivered }: RefactorState): string[] {
  if (!delivered) return [];
  return ['```', safe(delivered.stat.trimEnd()), '```', ...delivered.notes.map((note) => `- ${safe(note)}`)];
}
