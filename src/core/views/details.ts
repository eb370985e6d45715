/**
 * A run's current details for the Temporal UI, as Markdown.
 * Rule: what waits for a person comes first, with everything that is to be decided and the exact message that decides
 * it. Every text of a model, a repository or a person is shown as code.
 */
import type { AgentState } from '../agent/state.ts';
import type { DecisionRules } from '../policy/approvers.ts';
import { riskOf } from '../policy/approvers.ts';
import { rulesOf } from '../policy/decision-fields.ts';
import type { Decision } from '../decisions/control.ts';
import { listOpenDecisions } from '../decisions/open-decisions.ts';
import type { RefactorState, TaskState } from '../refactor/state.ts';
import { listAllOpen, listRunning } from '../refactor/work.ts';
import type { Risk } from '../risk.ts';
import { code, codeBlock, fitItems } from '../text/markdown.ts';
import { agentState, refactorState } from './status.ts';

/**
 * Most characters of all open decisions together, of each list, and of the goal. The UI sends a page as part of a URL.
 */
const MAX_DECISIONS = 8_000;
const MAX_LIST = 2_500;
const MAX_GOAL = 1_000;
const LOG_SHOWN = 10;
/** Columns of a code block in Temporal's UI. The end of a longer line would be invisible. */
const COLUMNS = 60;

/** Marks for a task's status in lists. */
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

/** The UI replaces `{namespace}` and similar words by its own values, in code too. Our `\u{…}` is left alone. */
const TEMPLATE = /(?<!\\u)\{(?=[A-Za-z]\w*\})/g;

function finishPage(lines: readonly string[]): string {
  return lines.join('\n').replace(TEMPLATE, '\\u{7b}');
}

/** Current details of a refactor as Markdown. Links point into `namespace`. */
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

/** Current details of an agent as Markdown. Links point into `namespace`. */
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

/** Open decisions, the highest risk first: each with everything that it is about, and the messages that decide it. */
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

/** The messages that decide a decision. The digest binds them to what is shown here. */
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

/** How to send these messages from Temporal's UI. */
function sendUpdate(messages: readonly AnswerMessage[]): string[] {
  const lines = messages.flatMap(([verb, input]) => [
    `- Name ${code(verb)}, data ${code(JSON.stringify(input), 1000)}`,
  ]);
  return ['To answer here: **More Actions**, **Send an Update**, with a name and its data:', '', ...lines];
}

function list(title: string, items: string[][], whole: string): string[] {
  return items.length === 0 ? [] : [`**${title}**`, '', ...fitItems(items, MAX_LIST, whole), ''];
}

/** A link to another run's page. Its address is encoded so that nothing in it ends the link. */
function linkTo(namespace: string, id: string, name: string): string {
  const place = [namespace, id].map((part) => encodeURIComponent(part.toWellFormed()).replace(/[()'*!]/g, percent));
  return `[${name}](/namespaces/${place[0]}/workflows/${place[1]}) ${code(id)}`;
}

function percent(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16)}`;
}
