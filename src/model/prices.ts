/**
 * The prices of models' tokens, from a configured table, and the cost of one call.
 * Rule: no price is invented; the cost of a model that is not in the table is `null` (unknown), never 0.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Price } from '../core/price.ts';
import type { Usage } from '../core/transcript.ts';

const perMillionUsd = z.number().nonnegative().max(100_000);

/** Prices by model name, in US dollars per million tokens. */
export const priceTableSchema = z.record(
  z.string().min(1),
  z.strictObject({
    inputPerMillionUsd: perMillionUsd,
    /** For input tokens from the provider's cache. */
    cachedInputPerMillionUsd: perMillionUsd,
    outputPerMillionUsd: perMillionUsd,
  }),
);
export type PriceTable = z.infer<typeof priceTableSchema>;

/** The name of a JSON file with the table. */
export const priceFileSchema = z
  .string()
  .min(1)
  .transform((file, context): PriceTable => {
    try {
      return priceTableSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      context.addIssue(`${file} is not a price table: ${error instanceof Error ? error.message : String(error)}`);
      return z.NEVER;
    }
  });

/** Prices without configuration: the offline model runs on this machine and is free. */
const DEFAULT_PRICES: PriceTable = {
  'coxswain-offline': { inputPerMillionUsd: 0, cachedInputPerMillionUsd: 0, outputPerMillionUsd: 0 },
};

/** The cost of a call in US dollars; null if the model has no price. The table takes precedence over the defaults. */
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

/** The highest price of a model's tokens, for a budget; null if the model has no price. */
export function priceOf(table: PriceTable, model: string): Price | null {
  const price = ownEntry(table, model) ?? ownEntry(DEFAULT_PRICES, model);
  if (!price) return null;
  const { inputPerMillionUsd, cachedInputPerMillionUsd, outputPerMillionUsd } = price;
  return { inputPerMillionUsd: Math.max(inputPerMillionUsd, cachedInputPerMillionUsd), outputPerMillionUsd };
}

function ownEntry(table: PriceTable, model: string): PriceTable[string] | undefined {
  return Object.hasOwn(table, model) ? table[model] : undefined;
}
