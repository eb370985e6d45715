/**
 * What goes wrong in an activity while Temporal tries it again. `status` shows it, so that no wait is silent.
 * Rule: it is for people only and decides nothing. The end of the activity clears it.
 */
import { z } from 'zod';

/** The signal from an activity to its workflow. */
export const TROUBLE_SIGNAL = 'trouble';

/** A failed attempt, as the activity sends it. `what` is the activity; `attempt` counts from 1. */
export const troubleSchema = z.object({
  what: z.string().max(100),
  attempt: z.number().int().min(1),
  reason: z.string().max(2000),
});
export type TroubleNews = z.infer<typeof troubleSchema>;

/** Trouble that lasts. `since` is workflow time in milliseconds. */
export interface Trouble extends TroubleNews {
  since: number;
}

/** The trouble after a new message. `since` stays if it is the same activity. */
export function takeTrouble(before: Trouble | null | undefined, at: number, news: TroubleNews): Trouble {
  return { ...news, since: before?.what === news.what ? before.since : at };
}

/** One line for people; null without trouble. */
export function showTrouble(trouble: Trouble | null | undefined): string | null {
  if (!trouble) return null;
  const { what, attempt, reason, since } = trouble;
  return `${what} has been retried since ${new Date(since).toISOString()}; attempt ${attempt} failed: ${reason}`;
}

/**
 * Whether a failed attempt is reported. Only the second, fourth, eighth and so on are, so that a day of retries makes
 * few events.
 */
export function isTold(attempt: number): boolean {
  return attempt > 1 && (attempt & (attempt - 1)) === 0;
}
