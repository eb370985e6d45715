/**
 * What people read in the Temporal UI while a run lives: its current details, Markdown.
 * Rule: what waits for a person comes first, with all of what is decided and the exact message that answers it; every
 * text of a model, a repository or a person is code.
 */
import type { AgentState } from '../agent/state.ts';
import type { DecisionRules } from '../policy/approvers.ts';
import { riskOf, rulesOf } from '../policy/approvers.ts';
import type { Decision } from '../decisions/control.ts';
import { listOpenDecisions } from '../decisions/open-decisions.ts';
import type { RefactorState, TaskState } from '../refactor/state.ts';
import { listAllOpen, listRunning } from '../refactor/work.ts';
import type { Risk } from '../risk.ts';
import { code, codeBlock, fitItems } from '../text/markdown.ts';
import { agentState, refactorState } from './status.ts';

/** Characters of all open decisions together, of each list and of the goal: the UI sends a page as part of an address. */
const MAX_DECISIONS = 8_000;
const MAX_LIST = 2_500;
const MAX_GOAL = 1_000;
const LOG_SHOWN = 10;
/** Columns of a block of code in Temporal's UI: a longer line would end beyond the edge, unseen. */
const COLUMNS = 60;

/** How a task's status is shown in lists. */
export const TICKS: Record<TaskState['status'], string> = {
  waiting: '[ ]',
  working: '[~]',
  finished: '[~]',
  integrated: '[x]',
  dropped: '[-]',
};

export function showSpend(spend: RefactorState['spend']): string {
  const cost = spend.costUsd === null ? 'price unknown' : `$${spend.costUsd.toFixed(4)}`;
  return `${spend.inputTokens + spend.outputTokens} tokens in ${spend.modelCalls} model calls (${cost}), ${spend.acts} commands`;
}

/** Temporal's UI puts its own words for `{namespace}` and the like, in code too; `\u{…}` of ours is left as it is. */
const TEMPLATE = /(?<!\\u)\{(?=[A-Za-z]\w*\})/g;

function finishPage(lines: readonly string[]): string {
  return lines.join('\n').replace(TEMPLATE, '\\u{7b}');
}

/** Current details of a refactor in a namespace, Markdown. */
export function describeRefactor(state: RefactorState, namespace: string): string {
  const { hold, prepared, input, tasks } = state;
  const agents = listRunning(state).map(({ id, task }) => [`- ${linkTo(namespace, id, `agent of ${task}`)}`]);
  const ticks = tasks.map(({ task, status }) => [`- ${TICKS[status]} ${code(task.id)} ${status}: ${code(task.title)}`]);
  return finishPage([
    `**State** ${refactorState(state)} · **Isolation** ${prepared?.isolation ?? 'not known yet'} · **Spend** ${showSpend(state.spend)}`,
    '',
    ...showHold(hold),
    ...showDecisions(listAllOpen(state), rulesOf(state.policy)),
    ...list('Agents at work', agents, 'the query `status` names all'),
    ...list('Tasks', ticks, 'the query `plan` has all'),
    '**Goal**',
    '',
    ...codeBlock(input.goal, { whole: "the start's input has all of it", most: MAX_GOAL, columns: COLUMNS }),
  ]);
}

/** Current details of an agent in a namespace, Markdown. */
export function describeAgent(state: AgentState, namespace: string): string {
  const { spec, step, maxSteps, hold, control } = state;
  const refactor = spec.refactor === null ? '' : ` · ${linkTo(namespace, spec.refactor, 'its refactor')}`;
  const log = control.log.slice(-LOG_SHOWN).map(({ text }) => [`- ${code(text)}`]);
  return finishPage([
    `**State** ${agentState(state)}, step ${step} of ${maxSteps} · **Isolation** ${spec.isolation} · **Spend** ${showSpend(state.spend)}${refactor}`,
    '',
    ...showHold(hold),
    ...showDecisions(listOpenDecisions(control), rulesOf(spec.policy)),
    `**Task** ${code(spec.task)}: ${code(spec.title)}`,
    '',
    ...list(`Log, the newest ${LOG_SHOWN} lines`, log, 'the query `log` has more'),
  ]);
}

function showHold(hold: { reason: string } | null): string[] {
  if (!hold) return [];
  const answer = sendUpdate([['resume', { by: 'your name' }]]);
  return [
    '**Holds**, until somebody resumes or stops it:',
    '',
    ...codeBlock(hold.reason, { whole: 'the query `status` has all of it', columns: COLUMNS }),
    '',
    ...answer,
    '',
  ];
}

const RANK: Record<Risk, number> = { high: 0, medium: 1, low: 2 };

/** The riskiest first: each with all that it is about, and the messages that answer it. */
function showDecisions(open: readonly Decision[], { signatures }: DecisionRules): string[] {
  const signed = signatures === 'required' ? ['Policy wants it signed: `cox approve` signs it.', ''] : [];
  const ranked = open.toSorted((a, b) => RANK[riskOf(a)] - RANK[riskOf(b)]);
  const items = ranked.map((decision) => {
    const { id, kind, about } = decision;
    return [
      `**Waits for a decision** ${code(id)}: ${kind}, ${riskOf(decision)} risk`,
      '',
      ...codeBlock(about, { whole: 'the query `decisions` has all of it', columns: COLUMNS }),
      '',
      ...signed,
      ...sendUpdate(answersTo(decision)),
      '',
    ];
  });
  return fitItems(items, MAX_DECISIONS, 'the query `decisions` has all of them');
}

type AnswerMessage = [verb: string, input: object];

/** The messages that answer a decision; a digest binds them to what is shown here. */
function answersTo({ id, kind, digest }: Decision): AnswerMessage[] {
  const by = 'your name';
  switch (kind) {
    case 'question':
      return [['answer', { question: id, text: 'your answer', by }]];
    case 'choice':
      return [['choose', { agent: "the agent's id", by }]];
    default:
      return [
        ['approve', { decision: id, digest, by }],
        ['reject', { decision: id, digest, note: 'why', by }],
      ];
  }
}

/** How a message is sent from Temporal's UI. */
function sendUpdate(messages: readonly AnswerMessage[]): string[] {
  const lines = messages.flatMap(([verb, input]) => [
    `- Name ${code(verb)}, data ${code(JSON.stringify(input), 1000)}`,
  ]);
  return ['To answer here: **More Actions**, **Send an Update**, with a name and its data:', '', ...lines];
}

function list(title: string, items: string[][], whole: string): string[] {
  return items.length === 0 ? [] : [`**${title}**`, '', ...fitItems(items, MAX_LIST, whole), ''];
}

/** A link to another run's page; its address holds nothing that could end it. */
function linkTo(namespace: string, id: string, name: string): string {
  const place = [namespace, id].map((part) => encodeURIComponent(part.toWellFormed()).replace(/[()'*!]/g, percent));
  return `[${name}](/namespaces/${place[0]}/workflows/${place[1]}) ${code(id)}`;
}

function percent(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16)}`;
}
