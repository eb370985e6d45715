/**
 * The report of a refactor: what was asked, planned, decided, changed, checked and spent; Markdown.
 * Rule: what came from a repository or a model is escaped, and a claim is shown as one.
 */
import { listClosed } from './control.ts';
import { showSpend, TICKS } from './details.ts';
import { escapeForPeople as safe } from './escape.ts';
import type { RefactorState } from './refactor-state.ts';
import { showReviewed } from './review.ts';
import { showEvidence } from './views.ts';

/** Most characters of a report: GitHub takes 65,536 as a pull request's body. */
const MAX_REPORT_CHARACTERS = 60_000;

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
    ['Reviews', listReviews(state)],
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

/** Those of the refactor, then those of its agents. */
function listDecisions({ control, agents }: RefactorState): string[] {
  const all = [...listClosed(control), ...agents.flatMap(({ report }) => report?.decided ?? [])];
  return all.map((line) => `- ${line}`);
}

/** What reviewers said of results, and of calls where that made a person look. */
function listReviews({ reviews = [], agents }: RefactorState): string[] {
  const results = reviews
    .filter(({ missing }) => missing !== 'not due')
    .map((review) => `result of ${safe(review.task)}: ${showReviewed(review)}`);
  return [...results, ...agents.flatMap(({ report }) => report?.reviewed ?? [])].map((line) => `- ${line}`);
}

function listChanges({ delivered, pull }: RefactorState): string[] {
  if (!delivered) return [];
  const opened = pull
    ? [`- ${'url' in pull ? `pull request: ${safe(pull.url)}` : `no pull request: ${safe(pull.problem)}`}`]
    : [];
  return ['```', safe(delivered.stat.trimEnd()), '```', ...delivered.notes.map((note) => `- ${safe(note)}`), ...opened];
}
