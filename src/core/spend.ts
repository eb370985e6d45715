/**
 * What model calls and tool calls took together.
 * Rule: one unknown cost makes the whole sum unknown, never smaller.
 */
import type { Usage } from './transcript.ts';

export const NOTHING_SPENT: Readonly<Spend> = {
  inputTokens: 0,
  cachedTokens: 0,
  outputTokens: 0,
  costUsd: 0,
  modelCalls: 0,
  acts: 0,
};

/** The sum of two spends. */
export function addSpend(one: Spend, other: Spend): Spend {
  return {
    ...addUsage(one, other),
    modelCalls: one.modelCalls + other.modelCalls,
    acts: one.acts + other.acts,
  };
}

/** Tokens and cost of two calls together. */
export function addUsage(one: Usage, other: Usage): Usage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    cachedTokens: one.cachedTokens + other.cachedTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    costUsd: one.costUsd === null || other.costUsd === null ? null : one.costUsd + other.costUsd,
  };
}

/** The spend after one more model call. */
export function spendOn(spend: Spend, usage: Usage): Spend {
  return addSpend(spend, { ...usage, modelCalls: 1, acts: 0 });
}

export interface Spend extends Usage {
  modelCalls: number;
  acts: number;
}
