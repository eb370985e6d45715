/**
 * What a model's tokens cost: a table that people configure, and the cost of one call by it.
 * Rule: no price is invented; a model that is not in the table costs `null`, unknown, never 0.
 */
import { z } from 'zod';
import type { Price } from '../core/price.ts';
import type { Usage } from '../core/transcript.ts';

const perMillionUsd = z.number().nonnegative().max(100_000);

/** Prices by model name, in US dollars per million tokens. */
export const priceTableSchema = z.record(
  z.string().min(1),
  z.strictObject({
    inputPerMillionUsd: perMillionUsd,
    /** Input tokens that the provider had in its cache. */
    cachedInputPerMillionUsd: perMillionUsd,
    outputPerMillionUsd: perMillionUsd,
  }),
);
export type PriceTable = z.infer<typeof priceTableSchema>;

/** The prices known without configuration: the offline model, which runs here, is free. */
const DEFAULT_PRICES: PriceTable = {
  'coxswain-offline': { inputPerMillionUsd: 0, cachedInputPerMillionUsd: 0, outputPerMillionUsd: 0 },
};

/** The cost of a call in US dollars, or null where the model has no price; the table goes before the defaults. */
export function costOf(usage: Omit<Usage, 'costUsd'>, table: PriceTable, model: string): number | null {
  const price = ownEntry(table, model) ?? ownEntry(DEFAULT_PRICES, model);
  if (!price) return null;
  const cachedTokens = Math.min(usage.cachedTokens, usage.inputTokens);
  const sum =
    (usage.inputTokens - cachedTokens) * price.inputPerMillionUsd +
    cachedTokens * price.cachedInputPerMillionUsd +
    usage.outputTokens * price.outputPerMillionUsd;
  return sum / 1_000_000;
}

/** What a model's tokens cost, for a budget; null where nobody said. */
export function priceOf(table: PriceTable, model: string): Price | null {
  const price = ownEntry(table, model) ?? ownEntry(DEFAULT_PRICES, model);
  if (!price) return null;
  const { inputPerMillionUsd, cachedInputPerMillionUsd, outputPerMillionUsd } = price;
  return { inputPerMillionUsd: Math.max(inputPerMillionUsd, cachedInputPerMillionUsd), outputPerMillionUsd };
}

function ownEntry(table: PriceTable, model: string): PriceTable[string] | undefined {
  return Object.hasOwn(table, model) ? table[model] : undefined;
}
