/**
 * Runs something for each of many values, a few at a time.
 * Rule: results are in the order of the values; the first failure ends the rest.
 */

/** Enough to hide the way to the server; more would only queue at a run's worker. */
const AT_ONCE = 16;

export async function overAll<T, R>(values: readonly T[], body: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = values.entries();
  const take = async (): Promise<void> => {
    for (const [index, value] of queue) results[index] = await body(value);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, values.length) }, take));
  return results;
}
