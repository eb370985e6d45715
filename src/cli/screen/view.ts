/**
 * What the full screen shows of a refactor, as plain data: its head, rows to choose from, and what belongs to a row.
 * Rule: pure. Every text is one line and harmless, so that drawing only places it.
 */
import type { AgentNow } from '../../client/agent-now.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { RISKS } from '../../core/risk.ts';
import { asLine as safe, asName, firstLine, shorten } from '../../core/text/lines.ts';
import type { AgentRow, TaskView } from '../../core/views/agent-rows.ts';
import { hasEnded, nameOfAgent } from '../../core/views/read-status.ts';
import type { NeedView, RefactorStatus } from '../../core/views/status.ts';
import { showDoing } from '../person/show-doing.ts';
import { sumSpend } from '../person/show.ts';
import { showElapsed } from '../../core/text/durations.ts';
import { showTime } from '../person/show-time.ts';

export type Tone = 'plain' | 'good' | 'busy' | 'warn' | 'bad' | 'dim';

/** A row that the cursor can be on: a decision that waits, a task, or one of its agents. */
export interface Row {
  key: string;
  tone: Tone;
  text: string;
  /** At the right end of the row. */
  aside: string;
  need?: NeedView;
  task?: string;
  /** The agent that the row is about, by its whole id. */
  agent?: string;
}

export interface ScreenView {
  id: string;
  title: string;
  facts: string;
  /** Why nothing goes on, if so: a pause, a hold, trouble. */
  alarms: string[];
  rows: Row[];
  /** The newest messages and what became of them. */
  receipts: { text: string; tone: Tone }[];
  isPaused: boolean;
  /** How it ended, if it has. */
  end: string | null;
  rivals: Record<string, string[]>;
  agents: ReadonlyMap<string, AgentView>;
}

/** What the screen shows of an agent under the cursor. */
export interface AgentView {
  title: string;
  /** The last lines of what runs now. */
  tail: string[];
  /** What happened before, the newest last. */
  log: string[];
}

export interface Beside {
  startedAt: number;
  /** The refactor's budget; undefined where there is none. */
  tokens?: number | undefined;
  usd?: number | undefined;
  now: number;
}

const TASK: Record<string, { mark: string; tone: Tone }> = {
  waiting: { mark: '·', tone: 'dim' },
  working: { mark: '▶', tone: 'busy' },
  finished: { mark: '◌', tone: 'busy' },
  integrated: { mark: '✔', tone: 'good' },
  failed: { mark: '✘', tone: 'bad' },
  dropped: { mark: '−', tone: 'dim' },
};
const RECEIPT: Record<string, Tone> = { refused: 'bad', superseded: 'warn', delivered: 'good', applied: 'good' };

export function viewRun(snapshot: Snapshot, beside: Beside): ScreenView {
  const { status } = snapshot;
  const { id, state, tasks, receipts, paused, hold, trouble } = status;
  return {
    id,
    title: safe(status.goal),
    facts: [
      safe(state),
      showElapsed(beside.now - beside.startedAt),
      ...showAmounts(snapshot, beside),
      `${safe(status.repository)}${status.base === null ? '' : ` at ${safe(status.base.slice(0, 10))}`}`,
    ].join('  ·  '),
    alarms: [
      ...(paused === null ? [] : [`paused ${safe(paused)}`]),
      ...(hold === null ? [] : [`holds: ${safe(hold)}`]),
      ...(trouble === null ? [] : [`trouble: ${safe(trouble)}`]),
    ],
    rows: listRows(snapshot, beside.now),
    receipts: receipts.map((receipt) => ({ text: showMessage(receipt), tone: RECEIPT[receipt.state] ?? 'warn' })),
    isPaused: paused !== null || hold !== null,
    end: hasEnded(state) ? state : null,
    rivals: Object.fromEntries(tasks.flatMap((task) => (task.rivals ? [[task.id, task.rivals]] : []))),
    agents: new Map(snapshot.ids.map((agent) => [agent, viewAgentNow(snapshot, agent)])),
  };
}

function showAmounts(snapshot: Snapshot, { tokens, usd }: Beside): string[] {
  const spend = sumSpend(snapshot);
  const used = spend.inputTokens + spend.outputTokens;
  const cost = spend.costUsd === null ? [] : [`$${spend.costUsd.toFixed(2)}${usd === undefined ? '' : ` of $${usd}`}`];
  return [`${showCount(used)}${tokens === undefined ? '' : ` of ${showCount(tokens)}`} tokens`, ...cost];
}

function showCount(count: number): string {
  if (count < 10_000) return String(count);
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

/** Decisions first, the riskiest of them first; then the tasks in the plan's order, each with its agents. */
function listRows({ status, now }: Snapshot, at: number): Row[] {
  const { needs, tasks, agents = [] } = status;
  const open = needs.toSorted((a, b) => RISKS[b.risk] - RISKS[a.risk] || a.openedAt - b.openedAt);
  const known = new Set(tasks.map(({ id }) => id));
  const others = agents.filter(({ task }) => !known.has(task));
  return [
    ...open.map((need) => rowOfNeed(need, status, at)),
    ...others.map((agent) => rowOfAgent(agent, status, now)),
    ...tasks.flatMap((task) => [
      rowOfTask(task, now),
      ...agents.filter((agent) => agent.task === task.id).map((agent) => rowOfAgent(agent, status, now)),
    ]),
  ];
}

function rowOfNeed(need: NeedView, { tasks }: RefactorStatus, at: number): Row {
  const { id, risk, about, openedAt, task, owner, digest } = need;
  const agent = owner ?? tasks.find((one) => one.id === task)?.agent ?? undefined;
  return {
    key: `need ${id} ${digest}`,
    tone: risk === 'high' ? 'bad' : 'warn',
    text: `● ${safe(id)}  ${safe(firstLine(about))}`,
    aside: `${risk} ${showElapsed(Math.max(0, at - openedAt))}`,
    need,
    ...(task === undefined ? {} : { task }),
    ...(agent === undefined ? {} : { agent }),
  };
}

function rowOfTask({ id, title, status, steps, agent, needs, trouble }: TaskView, now: Snapshot['now']): Row {
  const { mark, tone } = TASK[status] ?? { mark: '?', tone: 'plain' as const };
  const taken = Math.max(steps, (agent === null ? undefined : now.get(agent))?.status.step ?? 0);
  return {
    key: `task ${id}`,
    tone: trouble ? 'bad' : needs.length > 0 ? 'warn' : tone,
    text: `${mark} ${safe(id)}  ${safe(title)}`,
    aside: taken > 0 ? `${taken} steps` : safe(status),
    task: id,
    ...(agent === null ? {} : { agent }),
  };
}

function rowOfAgent(row: AgentRow, { id: refactor }: RefactorStatus, nows: Snapshot['now']): Row {
  const { id, task, status, steps, needs, trouble } = row;
  const now = nows.get(id);
  const waits = needs.length > 0 ? `waits for you: ${needs.map(safe).join(', ')}` : undefined;
  const doing = trouble ? safe(trouble) : (waits ?? (now ? showDoing(now) : safe(status)));
  return {
    key: `agent ${id}`,
    tone: trouble ? 'bad' : waits === undefined ? 'plain' : 'warn',
    text: `  └ ${safe(nameOfAgent(refactor, id))}  ${doing}`,
    aside: `step ${now?.status.step ?? steps}`,
    task,
    agent: id,
  };
}

function viewAgentNow({ status, now, log }: Snapshot, agent: string): AgentView {
  const name = nameOfAgent(status.id, agent);
  const own = log.filter(({ text }) => text.startsWith(`${name} `));
  const doing: AgentNow | undefined = now.get(agent);
  const step = doing
    ? `step ${doing.status.step} of ${doing.status.maxSteps}: ${showDoing(doing)}`
    : 'does not work now';
  const tail = doing?.activity?.live?.tail ?? '';
  return {
    title: `${safe(name)}  ${step}`,
    tail: tail === '' ? [] : tail.split('\n').map(safe),
    log: own.map(({ at, text }) => `${showTime(at)} ${safe(text.slice(name.length + 1))}`),
  };
}

/** What was said and what became of it come first: the line may be cut. */
function showMessage({ at, verb, by, state, detail, text }: RefactorStatus['receipts'][number]): string {
  const said = text === undefined ? '' : ` “${shorten(safe(text), 30)}”`;
  const became = ['applied', 'delivered'].includes(state) ? '' : `${safe(state)}, `;
  return `${showTime(at)} ${safe(verb)}${said}: ${became}${safe(detail)} (${asName(by)})`;
}
