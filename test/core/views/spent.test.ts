import { expect, test } from 'vitest';
import { growthOf, listSpent, sampleGrowth } from '../../../src/core/views/spent.ts';
import type { ReadCheckpoint } from '../../../src/core/views/show-conversation.ts';

const SPENT = [
  { at: 3000, tokens: 30, usd: 0.5 },
  { at: 1000, tokens: 10, usd: 0.25 },
  { at: 2000, tokens: 20, usd: 0 },
];

test('a sum grows with each amount in the order of time: in dollars if each price is known, else in tokens', () => {
  expect(growthOf(SPENT)).toEqual({
    unit: 'usd',
    points: [
      { at: 1000, sum: 0.25 },
      { at: 2000, sum: 0.25 },
      { at: 3000, sum: 0.75 },
    ],
  });
  const unpriced = growthOf([...SPENT, { at: 4000, tokens: 40, usd: null }]);
  expect([unpriced.unit, unpriced.points.at(-1)]).toEqual(['tokens', { at: 4000, sum: 100 }]);
  expect(growthOf([{ at: 1, tokens: 7, usd: 0 }]).unit).toBe('tokens');
});

test('a sample has the sum at the end of each part of the time, and the last part has all', () => {
  expect(sampleGrowth(growthOf(SPENT), 4)).toEqual([
    { at: 1500, sum: 0.25 },
    { at: 2000, sum: 0.25 },
    { at: 2500, sum: 0.25 },
    { at: 3000, sum: 0.75 },
  ]);
  expect(sampleGrowth(growthOf(SPENT.slice(0, 1)), 4)).toEqual([{ at: 3000, sum: 0.5 }]);
  expect(sampleGrowth(growthOf([]), 4)).toEqual([]);
});

test('model calls and compactions of a conversation are spent at the moment of their checkpoints, and nothing else', () => {
  const usage = { inputTokens: 5, cachedTokens: 3, outputTokens: 2, costUsd: 0.1 };
  const entry = (kind: string): ReadCheckpoint => ({
    at: 9,
    commit: '',
    subject: '',
    changed: [],
    entry: { kind, usage } as never,
  });
  expect(listSpent([entry('start'), entry('think'), entry('act'), entry('compact')])).toEqual([
    { at: 9, tokens: 7, usd: 0.1 },
    { at: 9, tokens: 7, usd: 0.1 },
  ]);
});
