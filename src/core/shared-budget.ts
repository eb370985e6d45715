/**
 * Budgets that many refactors share: which accounts policy names, and when a refactor sets aside and settles.
 * Rule: a refactor's whole budget is set aside in every account before its first model call, and what people add to it
 * before that is granted to anyone.
 */
import { z } from 'zod';
import type { Amount, Period } from './account.ts';
import { accountNameSchema, PERIODS } from './account.ts';
import type { EffectivePolicy } from './policy.ts';
import type { Field } from './policy-fields.ts';
import type { RefactorCommand, RefactorState } from './refactor-state.ts';
import type { Sha } from './transcript.ts';
import type { Warrant } from './warrant.ts';

/** What stands for no budget at all. */
export const UNLIMITED_BUDGET: Readonly<Amount> = { tokens: 1e12, usd: 1e9 };

/** One account and the most that all refactors under it may take together in a period. */
const sharedBudgetSchema = z
  .strictObject({
    /** Its name: all whose policy names it share it. */
    account: accountNameSchema,
    per: z.enum(PERIODS),
    tokens: z.int().min(1).max(1e15).optional(),
    usd: z.number().positive().max(1e9).optional(),
  })
  .refine(({ tokens, usd }) => tokens !== undefined || usd !== undefined, 'it limits nothing: name tokens or usd');
export const sharedBudgetsSchema = z.array(sharedBudgetSchema).max(20);
export type SharedBudget = z.infer<typeof sharedBudgetSchema>;

/** The accounts of organisation and team both count; of one that two layers name the smaller amounts. */
export const SHARED_BUDGETS: Field<SharedBudget[]> = {
  builtIn: { limit: [], value: [] },
  tighten: (one, other) => {
    const joined = new Map<string, SharedBudget>();
    for (const budget of [...one, ...other]) {
      const key = `${budget.account} ${budget.per}`;
      joined.set(key, strictest(joined.get(key), budget));
    }
    return [...joined.keys()].toSorted().flatMap((key) => joined.get(key) ?? []);
  },
  accumulates: true,
  // Whoever names an account takes from it: no repository and no run may take from another team's.
  only: ['organisation', 'team'],
};

function strictest(one: SharedBudget | undefined, other: SharedBudget): SharedBudget {
  const least = (a: number | undefined, b: number | undefined): number | undefined =>
    a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
  const [tokens, usd] = [least(one?.tokens, other.tokens), least(one?.usd, other.usd)];
  return {
    account: other.account,
    per: other.per,
    ...(tokens === undefined ? {} : { tokens }),
    ...(usd === undefined ? {} : { usd }),
  };
}

/** What a refactor has set aside, and where; `settled` once it gave back what it left. */
export interface Reserved extends Amount {
  accounts: SharedBudget[];
  settled?: true;
}

/** What is to be set aside in these accounts, instead of what was. */
export interface ReserveShared extends Amount {
  accounts: SharedBudget[];
  before: Reserved | null;
  /** By what the worker reads the accounts' limits itself; left out by runs of before that. */
  place?: { repository: string; base: Sha | null };
  warrant?: Warrant;
}

/** What came of it. */
export type ReserveOutcome = { kind: 'reserved' } | { kind: 'short'; reason: string };

/** What a refactor took, for these accounts. */
export interface SettleShared extends Amount {
  accounts: { account: string; per: Period }[];
}

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
