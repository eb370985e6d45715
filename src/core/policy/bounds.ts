/**
 * What a policy leaves without a bound although an account counts it.
 * Rule: a refactor sets its whole budget aside, so without one it could not begin.
 */
import { UNLIMITED_BUDGET } from '../budget/amounts.ts';
import type { EffectivePolicy } from './policy.ts';

/** Accounts that count what this policy leaves without a bound, as sentences. */
export function findUnbounded(policy: EffectivePolicy): string[] {
  const isBounded = boundsOf(policy);
  return (policy.sharedBudgets?.value ?? []).flatMap(({ account, tokens, usd }) => {
    const say = (what: string): string =>
      `the account ${account} counts ${what}, and a refactor sets its whole budget aside there: ` +
      `give it one (budget.${what}, in its input or in any layer of policy)`;
    return [
      ...(tokens !== undefined && !isBounded.tokens ? [say('tokens')] : []),
      ...(usd !== undefined && !isBounded.usd ? [say('usd')] : []),
    ];
  });
}

/** Whether a policy bounds what one refactor takes. */
export function boundsOf({ budget }: EffectivePolicy): { tokens: boolean; usd: boolean } {
  const { tokens, usd } = UNLIMITED_BUDGET;
  return { tokens: budget.tokens.value < tokens, usd: budget.usd !== undefined && budget.usd.value < usd };
}
