/**
 * The price of a model, as far as budgets of money need it.
 * Rule: a bound is never below what a provider asks: input counts as not cached.
 */

/** US dollars per million tokens. */
export interface Price {
  inputPerMillionUsd: number;
  outputPerMillionUsd: number;
}

/** The most that so many tokens cost. */
export function costAtMost(
  { inputPerMillionUsd, outputPerMillionUsd }: Price,
  { inputTokens, outputTokens }: { inputTokens: number; outputTokens: number },
): number {
  return (inputTokens * inputPerMillionUsd + outputTokens * outputPerMillionUsd) / 1_000_000;
}

/** Dollars for people. */
export function showUsd(usd: number): string {
  return `$${usd.toFixed(usd > 0 && usd < 1 ? 4 : 2)}`;
}

/** Which models there are: the workers' own, and the reviewer's where that is another. */
export interface PricesInput {
  review: string | null;
}

/** Prices as the workers are configured; null where a model has none. */
export interface PricesRead {
  model: string;
  own: Price | null;
  review: Price | null;
}

export interface Prices {
  own: Price;
  review?: Price;
}
