/**
 * Budgets that many refactors share: which accounts policy names, and when a refactor sets aside and settles.
 * Rule: a refactor's whole budget is set aside in every account before its first model call, and what people add to it
 * before that is granted to anyone.
 */
import type { Amount, Period, SharedBudget, Reserved } from '../budget/amounts.ts';
import type { ReserveShared } from './exchange.ts';
import type { RefactorCommand, RefactorState } from './state.ts';

/** All that this refactor may take. */
function budgetOf({ policy, budgetAdded = 0, usdAdded = 0 }: RefactorState): Amount {
  return { tokens: policy.budget.tokens.value + budgetAdded, usd: (policy.budget.usd?.value ?? 0) + usdAdded };
}

/** The part of the budget that is set aside already: nothing more can be granted. All, where nothing is shared. */
export function usableBudget(state: RefactorState): Amount {
  const all = budgetOf(state);
  if ((state.policy.sharedBudgets?.value.length ?? 0) === 0) return all;
  const { tokens = 0, usd = 0 } = state.reserved ?? {};
  return { tokens: Math.min(all.tokens, tokens), usd: Math.min(all.usd, usd) };
}

/** What is to be set aside before anything else is done. */
export function orderReservation(state: RefactorState): RefactorCommand | undefined {
  const accounts = state.policy.sharedBudgets?.value ?? [];
  if (accounts.length === 0) return undefined;
  const { reserved } = state;
  const all = budgetOf(state);
  const isNew = accounts.some(({ account, per }) => !isAmong(reserved?.accounts, account, per));
  if (reserved && !isNew && all.tokens <= reserved.tokens && all.usd <= reserved.usd) return undefined;
  return { kind: 'reserve', input: { accounts, ...all, before: reserved ?? null } };
}

/** Whether an account is one of these. */
export function isAmong(accounts: readonly SharedBudget[] | undefined, account: string, per: Period): boolean {
  return accounts?.some((one) => one.account === account && one.per === per) === true;
}

/** What is set aside once a reservation was made; an account that policy dropped is settled at the end all the same. */
export function takeReserved({ accounts, tokens, usd, before }: ReserveShared): Reserved {
  const dropped = before?.accounts.filter(({ account, per }) => !isAmong(accounts, account, per)) ?? [];
  return { accounts: [...accounts, ...dropped], tokens, usd };
}
