/**
 * The report of a refactor as Markdown: what was decided, checked, changed and spent, then what the agents say.
 * Rule: facts come first, in our words. Every text of a model, a repository or a person is shown as code, so that it
 * can't look like a part of the report. What does not fit is counted.
 */
import { showSpend, TICKS } from './details.ts';
import type { Evidence } from '../evidence.ts';
import { describeResult } from '../evidence.ts';
import type { Verb } from '../decisions/messages.ts';
import { VERBS } from '../decisions/messages.ts';
import { listClosed } from '../decisions/open-decisions.ts';
import type { RefactorState } from '../refactor/state.ts';
import { showReviewed } from '../review/review.ts';
import { addSpend, NOTHING_SPENT } from '../spend.ts';
import { code, codeBlock, fitItems } from '../text/markdown.ts';

/** Most characters of a report. GitHub takes 65,536 as a pull request's body. */
const MAX_REPORT = 60_000;
/** Most characters of a section; the rest is counted. The agents' words get whatever remains of the report. */
const MAX_SECTION = 8_000;
/** Characters reserved for a section's title and the count of what is left out. */
const SECTION_FRAME = 200;
const MINUTE_MS = 60_000;

/** A section: its title, its items as lines, and where to read all of it. */
interface Section {
  title: string;
  items: string[][];
  whole: string;
}

export function renderReport(state: RefactorState): string {
  const lines = head(state);
  const words = { title: 'What the agents say', items: listWords(state), whole: ASK.plan };
  const all = [...listFacts(state), words];
  for (const [index, section] of all.entries()) {
    const left = MAX_REPORT - lines.join('\n').length - SECTION_FRAME * (all.length - index);
    lines.push(...showSection(section, section === words ? left : Math.min(MAX_SECTION, left)));
  }
  // The last paragraph is ours: in the report's commit git looks there for trailers.
  return [...lines, 'End of the report.'].join('\n');
}

/** Messages that have places of their own in the report. All others change the course of the work. */
const SAID: ReadonlySet<string> = new Set<Verb>(['steer', 'approve', 'reject', 'answer']);
const HANDS: ReadonlySet<string> = new Set(VERBS.filter((verb) => !SAID.has(verb)));

/** Where to read all of something that the report cuts. */
const ASK = {
  plan: 'the query `plan` has all of it',
  decisions: 'the query `decisions`, of the agents too, has all of them',
  status: 'the query `status` has all of it',
  log: 'the query `log` has the newest, the history all of them',
  start: "the start's input has all of it",
  hub: 'the branch in the hub has all of it',
  reviews: 'the query `reviews`, of the agents too, has all of them',
};

function head(state: RefactorState): string[] {
  const { id, input, outcome, phase, prepared, branch } = state;
  const { goal, requestedBy, team, campaign } = input;
  const groups = [
    ...(team === undefined ? [] : [`team ${code(team)}`]),
    ...(campaign === undefined ? [] : [`campaign ${code(campaign)}`]),
  ];
  const models = [...new Set(state.agents.flatMap(({ report }) => report?.models ?? []))];
  return [
    '# Coxswain report',
    '',
    `Outcome: ${outcome?.kind ?? phase}. Refactor ${[code(id), ...groups].join(', ')}, ` +
      `base ${prepared?.commit ?? 'unknown'}, branch ${code(branch)}, isolation ${prepared?.isolation ?? 'unknown'}.`,
    '',
    `${showTimes(state)}${models.length > 0 ? ` Models: ${models.map((name) => code(name)).join(', ')}.` : ''}`,
    '',
    `The goal${requestedBy === undefined ? '' : `, in the name of ${code(requestedBy)}`}:`,
    '',
    ...codeBlock(goal, { whole: ASK.start }),
    '',
  ];
}

/** When it began and ended, and how long it worked without waiting for people. */
function showTimes({ startedAt, endedAt, clock }: RefactorState): string {
  const began = `Began ${new Date(startedAt).toISOString()}`;
  const ended = endedAt === null ? '' : `, ended ${new Date(endedAt).toISOString()}`;
  const minutes = clock && clock.workedMs > 0 ? `, worked ${Math.ceil(clock.workedMs / MINUTE_MS)} minutes` : '';
  return `${began}${ended}${minutes}.`;
}

function showSection({ title, items, whole }: Section, most: number): string[] {
  return items.length === 0 ? [] : [`## ${title}`, '', ...fitItems(items, most, whole), ''];
}

function listFacts(state: RefactorState): Section[] {
  const { prepared, evidence, deviations } = state;
  const list = (lines: readonly string[]): string[][] => lines.map((line) => [`- ${line}`]);
  return [
    { title: 'Decisions', items: list(listDecisions(state)), whole: ASK.decisions },
    { title: 'Evidence', items: list(evidence.map(showCheck)), whole: ASK.status },
    { title: 'Base before', items: list((prepared?.evidence ?? []).map(showCheck)), whole: ASK.status },
    {
      title: 'How to reproduce',
      items: list(evidence.map((result) => showReproduction(state, result))),
      whole: ASK.status,
    },
    { title: 'Tasks', items: listTasks(state), whole: ASK.plan },
    { title: 'Changes', items: listChanges(state), whole: ASK.hub },
    { title: 'Deviations', items: list(deviations.map((text) => code(text))), whole: ASK.status },
    { title: 'Notes', items: list((prepared?.notes ?? []).map((note) => code(note))), whole: ASK.status },
    { title: 'Spend', items: [[showSpend(state.spend)]], whole: ASK.status },
    { title: 'Steering', items: list(listSteers(state)), whole: ASK.log },
    { title: 'Hands on the work', items: list(listHands(state)), whole: ASK.log },
  ];
}

/** A line for a shell that does a check again, on a checkout that is set up as here. */
function showReproduction({ setup, input }: RefactorState, { command, commit }: Evidence): string {
  const before = setup ?? input.setup;
  return code([`git checkout ${commit}`, ...(before ? [before] : []), command].join(' && '), 2100);
}

/** A check's result: first the facts, then the command, which somebody else wrote. */
function showCheck(result: Evidence): string {
  return `${describeResult(result)}: ${code(result.command, 2000)}`;
}

function listTasks({ plan, tasks, agents }: RefactorState): string[][] {
  if (!plan) return [];
  const by = `Plan version ${plan.version} by ${code(plan.by)}, approved by ${code(plan.approvedBy ?? 'nobody')}.`;
  return [
    [by, ''],
    ...tasks.map(({ task, status }) => {
      const reports = agents.flatMap(({ task: of, report }) => (of === task.id && report ? [report] : []));
      const spend = reports.map((report) => report.spend).reduce(addSpend, NOTHING_SPENT);
      return [`- ${TICKS[status]} ${code(task.id)}: ${status}${reports.length > 0 ? `, ${showSpend(spend)}` : ''}`];
    }),
  ];
}

/** What people said, with the model calls that read it. */
function listSteers({ steering, control }: RefactorState): string[] {
  return steering.map(({ id, by, text, claim }) => {
    const receipt = control.receipts.find((one) => one.verb === 'steer' && one.id === id);
    const became = id === undefined || !receipt ? '' : `; ${receipt.state}, ${code(receipt.detail)}`;
    return `in the name of ${code(by)}${claim ? ' (a claim, not signed)' : ''}: ${code(text)}${became}`;
  });
}

/** What people did to the work, other than steering and deciding. What was refused did nothing. */
function listHands({ control }: RefactorState): string[] {
  return control.receipts
    .filter(({ verb, state }) => HANDS.has(verb) && state !== 'refused')
    .map(({ verb, by, at, detail }) => `${verb} by ${code(by)}, ${new Date(at).toISOString()}: ${code(detail)}`);
}

/** Closed decisions of the refactor, then those of its agents. */
function listDecisions({ control, agents }: RefactorState): string[] {
  const all = [...listClosed(control), ...agents.flatMap(({ report }) => report?.decided ?? [])];
  return all.map((line) => code(line, 1000));
}

function listChanges({ delivered, pull }: RefactorState): string[][] {
  if (!delivered) return [];
  const opened = pull
    ? [`- ${'url' in pull ? `pull request: ${code(pull.url)}` : `no pull request: ${code(pull.problem)}`}`]
    : [];
  return [
    codeBlock(delivered.stat.trimEnd(), { whole: ASK.hub }),
    ...delivered.notes.map((note) => [`- ${code(note)}`]),
    opened,
  ];
}

/**
 * What planner and agents say about their work, and what reviewers say about it, under the task in question. All of
 * these are claims.
 */
function listWords({ plan, tasks, reviews, agents }: RefactorState): string[][] {
  if (!plan) return [];
  const said = tasks.map(({ task, summary }) => [
    `Task ${code(task.id)}, ${code(task.title)}:`,
    '',
    ...codeBlock(summary, { whole: ASK.plan }),
    '',
  ]);
  const results = reviews
    .filter(({ missing }) => missing !== 'not due')
    .map((review) => `result of ${review.task}: ${showReviewed(review)}`);
  const reviewed = [...results, ...agents.flatMap(({ report }) => report?.reviewed ?? [])];
  return [
    ['Claims of models; nothing here was checked.', ''],
    ['The plan:', '', ...codeBlock(plan.plan.summary, { whole: ASK.plan }), ''],
    ...said,
    ...(reviewed.length > 0 ? [['Reviewers:', '']] : []),
    ...reviewed.map((line) => [`- ${code(line, 1000)}`]),
  ];
}
