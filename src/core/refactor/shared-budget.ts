/**
 * Budgets that many refactors share: the accounts that policy names, and what a refactor reserves in them.
 * Rule: a refactor's whole budget is reserved in every account before its first model call. What people add is reserved
 * before it is granted to an agent.
 */
import type { Amount, Period, SharedBudget, Reserved } from '../budget/amounts.ts';
import type { ReserveShared } from './exchange.ts';
import type { RefactorCommand, RefactorState } from './state.ts';

/** Everything that this refactor may take. */
function budgetOf({ policy, budgetAdded, usdAdded }: RefactorState): Amount {
  return { tokens: policy.budget.tokens.value + budgetAdded, usd: (policy.budget.usd?.value ?? 0) + usdAdded };
}

/** The part of the budget that can be granted: what is reserved, or everything if no account is shared. */
export function usableBudget(state: RefactorState): Amount {
  const all = budgetOf(state);
  if ((state.policy.sharedBudgets?.value.length ?? 0) === 0) return all;
  const { tokens = 0, usd = 0 } = state.reserved ?? {};
  return { tokens: Math.min(all.tokens, tokens), usd: Math.min(all.usd, usd) };
}

/** The reservation to make before anything else; undefined if there is none to make. */
export function orderReservation(state: RefactorState): RefactorCommand | undefined {
  const accounts = state.policy.sharedBudgets?.value ?? [];
  if (accounts.length === 0) return undefined;
  const { reserved } = state;
  const all = budgetOf(state);
  const isNew = accounts.some(({ account, per }) => !isAmong(reserved?.accounts, account, per));
  if (reserved && !isNew && all.tokens <= reserved.tokens && all.usd <= reserved.usd) return undefined;
  return { kind: 'reserve', input: { accounts, ...all, before: reserved ?? null } };
}

export function isAmong(accounts: readonly SharedBudget[] | undefined, account: string, per: Period): boolean {
  return accounts?.some((one) => one.account === account && one.per === per) === true;
}

/** What is reserved after a reservation. Accounts that policy no longer names are still settled at the end. */
export function takeReserved({ accounts, tokens, usd, before }: ReserveShared): Reserved {
  const dropped = before?.accounts.filter(({ account, per }) => !isAmong(accounts, account, per)) ?? [];
  return { accounts: [...accounts, ...dropped], tokens, usd };
}
