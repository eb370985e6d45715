/**
 * How the command line shows durations and moments.
 * Rule: moments are local time, since they are compared with a clock on the wall.
 */

/** Seconds as people read them. */
export function showElapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The time of day at this terminal; older than a day, the date too. */
export function showTime(at: number): string {
  const date = new Date(at);
  const isToday = Math.abs(Date.now() - at) < 24 * 3_600_000;
  return `${isToday ? '' : `${date.toLocaleDateString('sv')} `}${date.toLocaleTimeString('sv')}`;
}
