/**
 * Waits for a Temporal server that is not there yet, or restarting.
 * Rule: only its absence is waited for, and for a minute at most; any other failure is the caller's at once.
 */
import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MS = 60_000;
const AGAIN_MS = 1000;

/** Tries until the server answers; `onAway` hears of each try that found nobody, and the last one is thrown. */
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
