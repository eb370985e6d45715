/**
 * How the command line shows moments.
 * Rule: moments are local time, since they are compared with a clock on the wall.
 */

/** The time of day at this terminal; older than a day, the date too. */
export function showTime(at: number): string {
  const date = new Date(at);
  const isToday = Math.abs(Date.now() - at) < 24 * 3_600_000;
  return `${isToday ? '' : `${date.toLocaleDateString('sv')} `}${date.toLocaleTimeString('sv')}`;
}
