/**
 * Sums over many runs: how many are open, wait for a person, are in trouble or stand still, and what they spent.
 * Rule: pure, so that the command line, a page and tests say the same.
 */
import { usualMsOf } from '../core/notices/stalls.ts';
import type { FleetRun } from './fleet.ts';

/** What runs are grouped by. */
export const GROUPINGS = ['state', 'needs', 'team', 'campaign', 'repository'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface FleetSum {
  /** The group's value; empty for runs that have none. */
  name: string;
  runs: number;
  waiting: number;
  troubled: number;
  stalled: number;
  tokens: number;
  /** Null where a price is unknown, or a run has no card. */
  usd: number | null;
}

/**
 * For how long an open run has made no progress, if that is longer than usual and it waits for no person. A card is
 * written every five minutes while there is progress.
 */
export function stalledFor({ isOpen, state, needs, card }: FleetRun, now: number): number | undefined {
  if (!isOpen || !card || isWaiting({ needs, card }) || state === 'paused') return undefined;
  const still = now - card.at;
  return still > usualMsOf(state) ? still : undefined;
}

/** Whether it waits for a person. */
export function isWaiting({ needs, card }: Pick<FleetRun, 'needs' | 'card'>): boolean {
  return needs.length > 0 || (card !== undefined && card.needs.length + card.holds.length > 0);
}

/** One sum for each value of a grouping, those with the most runs first. */
export function groupFleet(runs: readonly FleetRun[], by: Grouping, now: number): FleetSum[] {
  const groups = new Map<string, FleetRun[]>();
  for (const run of runs) {
    const values = by === 'needs' ? run.needs : [run[by] ?? ''];
    for (const value of values) groups.set(value, [...(groups.get(value) ?? []), run]);
  }
  const sums = [...groups].map(([name, members]) => sumFleet(name, members, now));
  return sums.toSorted((one, other) => other.runs - one.runs || (one.name < other.name ? -1 : 1));
}

/** The sum of these runs. */
export function sumFleet(name: string, runs: readonly FleetRun[], now: number): FleetSum {
  const cards = runs.flatMap(({ card }) => card ?? []);
  const costs = cards.map(({ spend }) => spend.usd);
  const known = costs.flatMap((usd) => usd ?? []);
  return {
    name,
    runs: runs.length,
    waiting: runs.filter(isWaiting).length,
    troubled: runs.filter(({ isOpen, card }) => isOpen && card?.trouble).length,
    stalled: runs.filter((run) => stalledFor(run, now) !== undefined).length,
    tokens: cards.reduce((sum, { spend }) => sum + spend.tokens, 0),
    usd: known.length < runs.length ? null : known.reduce((sum, usd) => sum + usd, 0),
  };
}
