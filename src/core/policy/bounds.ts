/**
 * Finds accounts that count something which a policy leaves unbounded.
 * Rule: a refactor reserves its whole budget in its accounts, so without a budget it could not begin.
 */
import { UNLIMITED_BUDGET } from '../budget/amounts.ts';
import type { EffectivePolicy } from './policy.ts';

/** Sentences about accounts that count what this policy leaves unbounded. */
export function findUnbounded(policy: EffectivePolicy): string[] {
  const isBounded = boundsOf(policy);
  return (policy.sharedBudgets?.value ?? []).flatMap(({ account, tokens, usd }) => {
    const say = (what: string): string =>
      `the account ${account} counts ${what}, and a refactor reserves its whole budget there: ` +
      `set a budget (budget.${what}, in its input or in any layer of policy)`;
    return [
      ...(tokens !== undefined && !isBounded.tokens ? [say('tokens')] : []),
      ...(usd !== undefined && !isBounded.usd ? [say('usd')] : []),
    ];
  });
}

/** Whether a policy bounds the tokens and dollars of one refactor. */
export function boundsOf({ budget }: EffectivePolicy): { tokens: boolean; usd: boolean } {
  const { tokens, usd } = UNLIMITED_BUDGET;
  return { tokens: budget.tokens.value < tokens, usd: budget.usd !== undefined && budget.usd.value < usd };
}
