/**
 * Spend over time: single amounts, as conversations or cards tell them, and their sum as it grew.
 * Rule: pure. Dollars only where each price is known; otherwise tokens, which always are.
 */
import type { ReadCheckpoint } from './show-conversation.ts';

/** Spent at a moment, in milliseconds. `usd` is null where a price is unknown. */
export interface Spent {
  at: number;
  tokens: number;
  usd: number | null;
}

/** What the model calls of a conversation cost. */
export function listSpent(checkpoints: readonly ReadCheckpoint[]): Spent[] {
  return checkpoints.flatMap(({ at, entry }) => {
    if (entry?.kind !== 'think' && entry?.kind !== 'compact') return [];
    const { inputTokens, outputTokens, costUsd } = entry.usage;
    return [{ at, tokens: inputTokens + outputTokens, usd: costUsd }];
  });
}

/** A sum as it grew: after each amount, the oldest first. */
export interface Growth {
  unit: 'usd' | 'tokens';
  points: { at: number; sum: number }[];
}

/** The sum of these amounts over time. Free calls of a priced model are counted in tokens. */
export function growthOf(spent: readonly Spent[]): Growth {
  const isPriced = spent.every(({ usd }) => usd !== null) && spent.some(({ usd }) => usd !== null && usd > 0);
  let sum = 0;
  const points = spent
    .toSorted((one, other) => one.at - other.at)
    .map(({ at, tokens, usd }) => {
      sum += isPriced ? (usd ?? 0) : tokens;
      return { at, sum };
    });
  return { unit: isPriced ? 'usd' : 'tokens', points };
}

/** The sum at the end of each of `count` equal parts of the time; fewer where all is one moment. */
export function sampleGrowth({ points }: Growth, count: number): { at: number; sum: number }[] {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return [];
  const length = last.at - first.at;
  const parts = length === 0 ? 1 : count;
  return Array.from({ length: parts }, (_, index) => {
    const at = index + 1 === parts ? last.at : Math.round(first.at + (length * (index + 1)) / parts);
    return { at, sum: points.findLast((point) => point.at <= at)?.sum ?? 0 };
  });
}
