/**
 * How the command line shows things: progress lines, status, plan; plain text.
 * Rule: pure. Text of a repository, a model or a person stays within its line, or has a mark before each of its lines,
 * so that it can't look like a line of ours.
 */
import type { AgentNow } from '../../client/agent-now.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import type { AgentState } from '../../core/agent/state.ts';
import { showSpend } from '../../core/views/details.ts';
import type { Plan } from '../../core/plan.ts';
import { asBlock, asLine as safe, asName, clip, shorten } from '../../core/text/lines.ts';
import type { TaskView } from '../../core/views/agent-rows.ts';
import { nameOfAgent } from '../../core/views/read-status.ts';
import type { AgentStatus, NeedView, RefactorStatus } from '../../core/views/status.ts';
import { showDoing, showTail } from './show-doing.ts';
import { showTime } from './show-time.ts';

/** What agents do now, by their ids. */
type Nows = ReadonlyMap<string, AgentNow>;

const TICKS: Record<string, string> = {
  waiting: '[ ]',
  working: '[~]',
  finished: '[~]',
  integrated: '[x]',
  failed: '[!]',
  dropped: '[-]',
};

/** Receipts that a status shows. */
const RECEIPTS_SHOWN = 5;
/** Lines and characters of a task's instructions in a plan that is shown folded. */
const FOLDED_LINES = 5;
const FOLDED_CHARACTERS = 500;

/**
 * The plan for a decision: what will be done, where, what its agents are told, and how it is judged. Folded, long
 * instructions are cut, and how much is left is said.
 */
export function showPlan(answer: Plan, how: 'folded' | 'whole' = 'folded'): string {
  const plan = onOneLine(answer, 'summary');
  const tasks = plan.tasks.map((task, index) => {
    const told = answer.tasks[index]?.instructions ?? '';
    const after = task.dependsOn.length > 0 ? `, after ${task.dependsOn.join(', ')}` : '';
    const checks = task.checks.length > 0 ? `\n      checks: ${task.checks.map(safe).join(' · ')}` : '';
    const head = `  ${task.id}: ${safe(task.title)} (at most ${task.maxSteps} steps${after})`;
    const paths = `      paths:  ${task.paths.map(safe).join(', ')}${checks}`;
    const { kept, left } = how === 'whole' ? { kept: told, left: 0 } : fold(told);
    const more = left > 0 ? `\n      … ${left} more characters` : '';
    return `${head}\n${paths}\n${asBlock(kept, '      ')}${more}`;
  });
  return [...tasks, '  the planner says:', asBlock(plan.summary, '    ')].join('\n');
}

function fold(text: string): { kept: string; left: number } {
  const { kept } = clip(text.split('\n').slice(0, FOLDED_LINES).join('\n'), FOLDED_CHARACTERS);
  return { kept, left: text.length - kept.length };
}

/**
 * An answer to a query with each of its texts on one line, except the one that is shown as a block. Any worker on the
 * queue can answer a query, with any text in any field.
 */
function onOneLine<T>(answer: T, block: string): T {
  if (typeof answer === 'string') return safe(answer) as T;
  if (Array.isArray(answer)) return answer.map((one: unknown) => onOneLine(one, block)) as T;
  if (typeof answer !== 'object' || answer === null) return answer;
  return Object.fromEntries(
    Object.entries(answer).map(([key, value]) => [key, key === block ? value : onOneLine(value, block)]),
  ) as T;
}

/** Tasks with their ticks, one line. */
export function showTicks(answer: RefactorStatus): string {
  const { id: refactor, tasks } = onOneLine(answer, 'about');
  const ticks = tasks.map(({ id, status: state, rivals = [] }) => {
    const racing = rivals.length > 1 ? ` (${rivals.map((agent) => nameOfAgent(refactor, agent)).join(', ')})` : '';
    return `${TICKS[state] ?? '[?]'} ${id}${racing}`;
  });
  return ticks.join('  ');
}

/** The spend of the refactor and of the agents that have not reported theirs yet. */
export function sumSpend({ status, agents }: Snapshot): AgentState['spend'] {
  const total = {
    inputTokens: 0,
    cachedTokens: 0,
    outputTokens: 0,
    costUsd: 0 as number | null,
    modelCalls: 0,
    acts: 0,
  };
  for (const { spend } of agents) {
    total.inputTokens += spend.inputTokens;
    total.cachedTokens += spend.cachedTokens;
    total.outputTokens += spend.outputTokens;
    total.modelCalls += spend.modelCalls;
    total.acts += spend.acts;
    total.costUsd = total.costUsd === null || spend.costUsd === null ? null : total.costUsd + spend.costUsd;
  }
  // Some agents could not be asked: the refactor's own sum has what they reported.
  return total.modelCalls >= status.spend.modelCalls ? total : status.spend;
}

/** The terms of a decision: digest, risk, who may decide, and what happens after its timeout. */
function showTerms({ digest, risk, approvals, mayDecide, signatures, silence }: NeedView): string {
  const terms = [
    `digest ${digest.slice(0, 12)}`,
    `risk ${risk}`,
    ...(approvals === undefined ? [] : [`approvals ${approvals}`]),
    ...(mayDecide === undefined ? [] : [`for ${mayDecide.join(', ') || 'nobody'}`]),
    ...(signatures === 'required' ? ['to be signed'] : []),
    ...(silence === undefined ? [] : [`silence: ${silence}`]),
  ];
  return terms.map(safe).join('; ');
}

function showTask({ id, title, status: state, agent, steps, needs, trouble }: TaskView, now: Nows): string {
  const taken = Math.max(steps, now.get(agent ?? '')?.status.step ?? 0);
  return `  ${TICKS[state] ?? '[?]'} ${id}: ${safe(title)} (${state}, ${taken} steps${showWants(needs, trouble)})`;
}

function showWants(needs: readonly string[], trouble: string | null): string {
  return `${needs.length > 0 ? `, needs ${needs.map(safe).join(', ')}` : ''}${trouble ? `, ${safe(trouble)}` : ''}`;
}

/** A row for each agent that works on a task or races for it, with what it does now. */
function showAgents({ agents = [] }: RefactorStatus, taskId: string, nows: Nows): string[] {
  return agents
    .filter(({ task }) => task === taskId)
    .flatMap(({ id, status: state, steps, needs, trouble }) => {
      const now = nows.get(id);
      const taken = now?.status.step ?? steps;
      return [
        `        agent ${safe(id)}: ${state}, ${taken} steps${showWants(needs, trouble)}`,
        ...(now ? [`          now ${showDoing(now)}`, ...showTail(now, '          ')] : []),
      ];
    });
}

/** The whole status of a refactor, with what its agents do now. */
export function showStatus(answer: RefactorStatus, nows: Nows = new Map()): string {
  const status = onOneLine(answer, 'about');
  const lines = [
    `${safe(status.id)}: ${status.state}${status.waitingFor === null ? '' : `, waits for ${safe(status.waitingFor)}`}`,
    `goal       ${safe(status.goal)}`,
    `repository ${safe(status.repository)}${status.base === null ? '' : ` at ${status.base.slice(0, 10)}`}`,
    `branch     ${safe(status.branch)}`,
    `isolation  ${status.isolation}`,
    ...(status.plan === null ? [] : [`plan       ${safe(status.plan)}`]),
    ...status.tasks.flatMap((task) => [showTask(task, nows), ...showAgents(status, task.id, nows)]),
    ...status.notes.map((note) => `note       ${safe(note)}`),
    ...(status.ended === undefined ? [] : [`ENDED      ${safe(status.ended)}`]),
    ...showStanding(status),
  ];
  return lines.join('\n');
}

/** How a run stands, of a refactor or an agent: why it does not go on, what it asks, what it has shown, spent and heard. */
export function showStanding(status: RefactorStatus | AgentStatus): string[] {
  return [
    ...(status.hold === null ? [] : [`HOLDS      ${safe(status.hold)}`]),
    ...(status.trouble === null ? [] : [`TROUBLE    ${safe(status.trouble)}`]),
    ...(status.paused === null ? [] : [`PAUSED     ${safe(status.paused)}`]),
    ...status.needs.map(showNeed),
    ...status.evidence.map((line) => `evidence   ${safe(line)}`),
    `spend      ${showSpend(status.spend)}`,
    ...showReceipts(status.receipts),
  ];
}

/** An open decision with its terms and everything that it is about. */
function showNeed(need: NeedView): string {
  return `DECIDE     ${safe(need.id)} (${showTerms(need)}):\n${asBlock(need.about)}`;
}

/** The newest receipts: what was said, by whom, what became of it and when, and how many there are before. */
function showReceipts(receipts: RefactorStatus['receipts']): string[] {
  const earlier = receipts.length - RECEIPTS_SHOWN;
  return [
    ...(earlier > 0 ? [`receipts   ${earlier} more before these: --json has them`] : []),
    ...receipts.slice(-RECEIPTS_SHOWN).map((receipt) => `receipt    ${showReceipt(receipt)}`),
  ];
}

function showReceipt({ id, verb, by, at, state, detail, text }: RefactorStatus['receipts'][number]): string {
  const said = text === undefined ? '' : ` ${JSON.stringify(shorten(safe(text), 60))}`;
  return `${showTime(at)} ${safe(verb)}${said} by ${asName(by)}: ${state}, ${safe(detail)}   (${shorten(safe(id), 36)})`;
}
