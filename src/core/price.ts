/**
 * The price of a model, for budgets of money.
 * Rule: a bound is never below what the provider charges, so all input counts as not cached.
 */

/** US dollars per million tokens. */
export interface Price {
  inputPerMillionUsd: number;
  outputPerMillionUsd: number;
}

/** The most that these tokens can cost, in US dollars. */
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

/** Which prices to read: those of the workers' model, and of the reviewer's model if it is another. */
export interface PricesInput {
  review: string | null;
}

/** Prices as the workers are configured. Null for a model without a price. */
export interface PricesRead {
  model: string;
  own: Price | null;
  review: Price | null;
}

export interface Prices {
  own: Price;
  review?: Price;
}
