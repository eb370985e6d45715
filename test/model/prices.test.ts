/** Costs come from a configured table; a model that is not in it has no cost. */
import { expect, test } from 'vitest';
import { costOf, priceTableSchema } from '../../src/model/prices.ts';

const usage = { inputTokens: 1_000_000, cachedTokens: 250_000, outputTokens: 100_000 };
const table = { m: { inputPerMillionUsd: 4, cachedInputPerMillionUsd: 1, outputPerMillionUsd: 20 } };

test('cached tokens have their own price, the others the full one', () => {
  expect(costOf(usage, table, 'm')).toBeCloseTo(3 + 0.25 + 2, 10);
});

test('a model that is not in the table has no cost, also not one named like a property of every object', () => {
  expect(costOf(usage, table, 'other')).toBeNull();
  expect(costOf(usage, table, 'toString')).toBeNull();
});

test('the offline model is free unless the table says otherwise', () => {
  expect(costOf(usage, {}, 'coxswain-offline')).toBe(0);
  expect(costOf(usage, { 'coxswain-offline': table.m }, 'coxswain-offline')).toBeGreaterThan(5);
});

test.each([
  [{ m: { inputPerMillionUsd: 1 } }],
  [{ m: { ...table.m, inputPerMillionUsd: -1 } }],
  [{ m: { ...table.m, extra: 1 } }],
  [[]],
])('%j is no price table', (value) => {
  expect(priceTableSchema.safeParse(value).success).toBe(false);
});
