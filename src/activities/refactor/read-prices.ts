/**
 * `readPrices`: the prices of the models that a refactor would use, for a budget in dollars.
 * Rule: only a worker that calls models has the table of prices, and no price is invented.
 */
import type { ActivityContext } from '../attempt/context.ts';
import type { ModelActivities } from '../attempt/contract.ts';

export function createReadPrices({ model }: ActivityContext): ModelActivities['readPrices'] {
  return async ({ review }) =>
    await Promise.resolve({
      model: model.name,
      own: model.priceOf(),
      review: review === null ? null : model.priceOf(review),
    });
}
