/**
 * A refactor's card: what lists of runs and the inbox show of it without asking it. It is kept in Temporal's memo.
 * Rule: small (a few kilobytes), for people only; whoever decides asks the run itself, and binds to its digests. A
 * card that is read may come from anybody who can start workflows.
 */
import { z } from 'zod';
import type { Hold } from '../agent/state.ts';
import { alikeKey } from '../decisions/alike.ts';
import type { Decision } from '../decisions/control.ts';
import { canonicalJson } from '../digest.ts';
import type { DecisionRules } from '../policy/approvers.ts';
import { dueAt, riskOf } from '../policy/approvers.ts';
import { rulesOf } from '../policy/decision-fields.ts';
import { shownKindOf } from '../policy/decision-kinds.ts';
import { showFailing } from '../notices/due.ts';
import type { RefactorState } from '../refactor/state.ts';
import { listAllOpen, listRunning } from '../refactor/work.ts';
import { RISK_WORDS, RISKS } from '../risk.ts';
import { firstLine, shorten } from '../text/lines.ts';
import { showTrouble } from '../trouble.ts';
import { refactorState } from './status.ts';

/** The name of the memo's field. */
export const CARD = 'coxswain';
/** Decisions on a card, the riskiest first. The run's status has all. */
const MAX_NEEDS = 20;
const MAX_HOLDS = 5;
/** Characters of each text. */
const MAX_TEXT = 160;
/** A run that only spends and steps gets a new card this seldom, since each card is an event of its history. */
const PROGRESS_MS = 300_000;

/** Longer than any id or text on a card, so that each card that is written can be read. */
const text = z.string().max(2500);
const needSchema = z.object({
  id: text,
  kind: text,
  risk: z.enum(RISK_WORDS),
  openedAt: z.number(),
  digest: text,
  /** Equal for decisions that are alike. */
  alike: text,
  /** The first line of what is to be decided. */
  title: text,
  owner: text.optional(),
  /** How many tasks can't go on or begin before it is decided. */
  blocks: z.number(),
  /** When policy acts if nobody has decided, or that it has acted. */
  due: z.number().optional(),
  late: z.enum(['overdue', 'escalated']).optional(),
});
const cardSchema = z.object({
  at: z.number(),
  goal: text,
  state: text,
  tasks: z.object({ done: z.number(), all: z.number() }),
  steps: z.number(),
  spend: z.object({ tokens: z.number(), usd: z.number().nullable() }),
  trouble: text.nullable(),
  /** What holds until somebody resumes it: the refactor itself, or an agent. `at` is when that began. */
  holds: z.array(z.object({ workflow: text, reason: text, at: z.number() })),
  needs: z.array(needSchema),
  /** Open decisions that are not on the card. */
  more: z.number(),
});

export type NeedCard = z.infer<typeof needSchema>;
export type RunCard = z.infer<typeof cardSchema>;

/** The card of a refactor at this moment. */
export function cardOf(state: RefactorState, at: number): RunCard {
  const open = listAllOpen(state).toSorted((one, other) => RISKS[riskOf(other)] - RISKS[riskOf(one)]);
  const rules = rulesOf(state.policy);
  const running = listRunning(state);
  const { spend, tasks } = state;
  const ofAgent = running.find(({ report }) => report?.trouble)?.report?.trouble;
  const trouble = showTrouble(state.trouble) ?? ofAgent ?? showFailing(state);
  return {
    at,
    goal: shorten(state.input.goal, MAX_TEXT),
    state: refactorState(state),
    tasks: { done: tasks.filter(({ status }) => status === 'integrated').length, all: tasks.length },
    steps: state.agents.reduce((sum, { report }) => sum + (report?.steps ?? 0), 0),
    spend: { tokens: spend.inputTokens + spend.outputTokens, usd: spend.costUsd },
    trouble: trouble ? shorten(trouble, MAX_TEXT) : null,
    holds: [
      ...(state.hold ? [holdCard(state.id, state.hold)] : []),
      ...running.flatMap(({ id, report }) => (report?.hold ? [holdCard(id, report.hold)] : [])),
    ].slice(0, MAX_HOLDS),
    needs: open.slice(0, MAX_NEEDS).map((decision) => cardOfNeed(state, decision, rules)),
    more: Math.max(0, open.length - MAX_NEEDS),
  };
}

function holdCard(workflow: string, { reason, at: since }: Hold): RunCard['holds'][number] {
  return { workflow, reason: shorten(reason, MAX_TEXT), at: since };
}

function cardOfNeed(state: RefactorState, decision: Decision, rules: DecisionRules): NeedCard {
  const { id, about, openedAt, digest, owner, overdueAt, escalatedTo } = decision;
  const due = dueAt(rules, decision);
  const late = escalatedTo ? ('escalated' as const) : ('overdue' as const);
  return {
    id,
    kind: shownKindOf(decision),
    risk: riskOf(decision),
    openedAt,
    digest,
    alike: alikeKey(decision, state.id),
    title: shorten(firstLine(about), MAX_TEXT),
    ...(owner === undefined ? {} : { owner }),
    blocks: countBlocked(state, decision),
    ...(due === null ? {} : { due }),
    ...(overdueAt === undefined ? {} : { late }),
  };
}

/** Tasks that wait for a decision: its own and those that depend on it, or all if it is about no single task. */
export function countBlocked({ tasks, plan }: RefactorState, { task }: Pick<Decision, 'task'>): number {
  if (!tasks.some((one) => one.task.id === task)) {
    const left = tasks.filter(({ status }) => status !== 'integrated').length;
    return Math.max(1, tasks.length === 0 ? (plan?.plan.tasks.length ?? 1) : left);
  }
  const blocked = new Set([task]);
  for (let size = 0; size < blocked.size; ) {
    size = blocked.size;
    for (const { task: one } of tasks) if (one.dependsOn.some((id) => blocked.has(id))) blocked.add(one.id);
  }
  return blocked.size;
}

/** Whether a card has to be written: something that waits or went wrong has changed, or much time has passed. */
export function isCardDue(before: unknown, next: RunCard): boolean {
  const last = readCard(before);
  if (!last || headlineOf(last) !== headlineOf(next)) return true;
  return last.steps !== next.steps && next.at - last.at >= PROGRESS_MS;
}

/** What a card says, without what changes all the time. */
export function headlineOf({ at: _at, steps: _steps, spend: _spend, ...rest }: RunCard): string {
  return canonicalJson(rest);
}

/** A card from a memo; undefined where there is none, or none that fits. */
export function readCard(value: unknown): RunCard | undefined {
  return cardSchema.safeParse(value).data;
}
