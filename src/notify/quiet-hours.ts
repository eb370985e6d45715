/**
 * Whether a receiver wants quiet now, and for how long.
 * Rule: in an unknown time zone it is never quiet: a notice too many is better than one that never comes.
 */
import type { Quiet } from '../core/policy/notify-field.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** How long it is still quiet by all of these; 0 if it is not. */
export function quietForMs(quiet: readonly Quiet[], at: Date): number {
  const left = quiet.map((one) => minutesLeft(one, at));
  return left.length === 0 ? 0 : Math.min(...left) * MINUTE_MS;
}

function minutesLeft({ from, until, zone = 'UTC' }: Quiet, at: Date): number {
  const now = minuteOfDay(at, zone);
  if (now === undefined) return 0;
  const [begin, end] = [readTime(from), readTime(until)];
  const isQuiet = begin <= end ? now >= begin && now < end : now >= begin || now < end;
  return isQuiet ? (end - now + DAY_MINUTES) % DAY_MINUTES : 0;
}

function minuteOfDay(at: Date, zone: string): number | undefined {
  try {
    const options = { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    return readTime(new Intl.DateTimeFormat('en-GB', options).format(at));
  } catch {
    return undefined;
  }
}

function readTime(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
