/**
 * The inbox: everything that waits for a person over many refactors, the most urgent first, alike items as one group.
 * Rule: pure. The command line, a page and other clients order and group by this file and by nothing else.
 */
import { digestValue } from '../digest.ts';
import type { Risk } from '../risk.ts';
import { RISKS } from '../risk.ts';
import type { NeedCard, RunCard } from './card.ts';

/** A run as lists of runs show it. */
export interface WaitingRun {
  id: string;
  repository: string;
  team: string | undefined;
  campaign: string | undefined;
  card: RunCard | undefined;
}

/** One decision or question, or something that holds until somebody resumes it. */
export interface InboxItem extends NeedCard {
  /** The refactor that shows it. */
  run: string;
  repository: string;
  team: string | undefined;
  campaign: string | undefined;
  goal: string;
}

export interface InboxGroup {
  /** Equal for all of its items. */
  alike: string;
  kind: string;
  risk: Risk;
  title: string;
  /** The oldest first. */
  items: InboxItem[];
  /** Tasks that wait for all of them together. */
  blocks: number;
  /** When the oldest was opened. */
  openedAt: number;
  /** When policy acts on the first of them, or that it has acted on one. */
  due: number | undefined;
  late: 'overdue' | 'escalated' | undefined;
}

/** The kind of an item that is no decision: the run holds, and `resume` lets it go on. */
export const HOLD = 'hold';
const HOUR_MS = 3_600_000;

/** All that waits, by the cards of these runs. Decisions that are not on a card are not here: see `more`. */
export function listItems(runs: readonly WaitingRun[]): InboxItem[] {
  return runs.flatMap(({ id, repository, team, campaign, card }) => {
    if (!card) return [];
    const of = { run: id, repository, team, campaign, goal: card.goal };
    return [
      ...card.needs.map((need) => ({ ...need, ...of })),
      ...card.holds.map((hold) => ({ ...toNeed(hold, id), ...of })),
    ];
  });
}

function toNeed({ workflow, reason, at }: RunCard['holds'][number], run: string): NeedCard {
  return {
    id: workflow === run ? HOLD : `${workflow.slice(run.length + 1)}/${HOLD}`,
    kind: HOLD,
    risk: 'low',
    openedAt: at,
    digest: digestValue({ reason }),
    alike: digestValue({ kind: HOLD, reason }).slice(0, 16),
    title: reason,
    ...(workflow === run ? {} : { owner: workflow }),
    blocks: 1,
  };
}

/** Alike items as one group each, the most urgent group first. */
export function groupItems(items: readonly InboxItem[], now: number): InboxGroup[] {
  const groups = Map.groupBy(items, ({ alike }) => alike);
  return [...groups.values()].map(toGroup).toSorted((one, other) => compareUrgency(one, other, now));
}

function toGroup(members: readonly InboxItem[]): InboxGroup {
  const items = members.toSorted((one, other) => one.openedAt - other.openedAt || (one.run < other.run ? -1 : 1));
  const [first] = items;
  if (!first) throw new Error('a group has at least one item');
  const dues = items.flatMap(({ due }) => due ?? []);
  return {
    alike: first.alike,
    kind: first.kind,
    risk: first.risk,
    title: first.title,
    items,
    blocks: items.reduce((sum, { blocks }) => sum + blocks, 0),
    openedAt: first.openedAt,
    due: dues.length > 0 ? Math.min(...dues) : undefined,
    late: items.find(({ late }) => late)?.late,
  };
}

/**
 * Below zero where the first is more urgent: by risk, which counts one step higher where policy acts within an hour or
 * has acted; then by how much work waits; then by how long.
 */
function compareUrgency(one: InboxGroup, other: InboxGroup, now: number): number {
  return pressing(other, now) - pressing(one, now) || other.blocks - one.blocks || one.openedAt - other.openedAt;
}

function pressing({ risk, due, late }: InboxGroup, now: number): number {
  const isPressing = late !== undefined || (due !== undefined && due - now <= HOUR_MS);
  return RISKS[risk] + (isPressing ? 1 : 0);
}
