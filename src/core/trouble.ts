/**
 * What an activity is waiting for while Temporal tries it again: shown in `status`, so that no wait is silent.
 * Rule: trouble is news for people and decides nothing; the end of the activity clears it.
 */
import { z } from 'zod';

/** The signal that carries news from an activity to its workflow. */
export const TROUBLE_SIGNAL = 'trouble';

/** News of a failed attempt, as the activity sends it: `what` is the activity, `attempt` counts from 1. */
export const troubleSchema = z.object({
  what: z.string().max(100),
  attempt: z.number().int().min(1),
  reason: z.string().max(2000),
});
export type TroubleNews = z.infer<typeof troubleSchema>;

/** Trouble that lasts; `since` is workflow time in milliseconds. */
export interface Trouble extends TroubleNews {
  since: number;
}

/** The trouble after its newest news; the same activity's trouble keeps its beginning. */
export function takeTrouble(before: Trouble | null | undefined, at: number, news: TroubleNews): Trouble {
  return { ...news, since: before?.what === news.what ? before.since : at };
}

/** One line for people. */
export function showTrouble(trouble: Trouble | null | undefined): string | null {
  if (!trouble) return null;
  const { what, attempt, reason, since } = trouble;
  return `${what} is tried again since ${new Date(since).toISOString()}; attempt ${attempt} failed: ${reason}`;
}

/** Whether an attempt's failure is told: the second, fourth, eighth and so on, so that a day's wait is a few events. */
export function isTold(attempt: number): boolean {
  return attempt > 1 && (attempt & (attempt - 1)) === 0;
}
