/**
 * The field of policy that names accounts which many refactors share.
 * Rule: only organisation and team may name one; of an account that both name, the smaller amounts count.
 */
import type { SharedBudget } from '../budget/amounts.ts';
import type { Field } from './fields.ts';

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
