/**
 * The field of policy that names shared accounts.
 * Rule: only organisation and team may name accounts. If both name the same account, the smaller amounts count.
 */
import type { SharedBudget } from '../budget/amounts.ts';
import { sharedBudgetsSchema } from '../budget/amounts.ts';
import type { Field } from './fields.ts';

/** Accounts of both layers count. If two layers name the same account, the smaller amounts count. */
export const SHARED_BUDGETS: Field<SharedBudget[]> = {
  schema: sharedBudgetsSchema,
  says: 'Accounts that count what all their refactors take together in a period.',
  joins: 'both lists; the smaller amounts of an account that both name',
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
  // A layer that names an account takes from it. A repository or a run must not take from another team's account.
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
