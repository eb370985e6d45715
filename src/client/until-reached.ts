/**
 * Waits for a Temporal server that is not there yet, or restarting.
 * Rule: it waits a minute at most, and only for an absent server; any other failure is thrown at once.
 */
import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MS = 60_000;
const AGAIN_MS = 1000;

/** Tries until the server answers. `onAway` is told of each failed try; the last failure is thrown. */
export async function untilReached<T>(
  reach: () => Promise<T>,
  isAway: (error: unknown) => error is Error,
  onAway?: (error: Error, tries: number) => void,
): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (let tries = 1; ; tries += 1) {
    try {
      return await reach();
    } catch (error) {
      if (!isAway(error) || Date.now() > end) throw error;
      onAway?.(error, tries);
      await delay(AGAIN_MS);
    }
  }
}
