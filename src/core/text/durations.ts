/**
 * How durations are written for people.
 * Rule: pure, so that the command line and the pages say the same.
 */

const UNITS: [ms: number, name: string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
];

/** A time as people read it: `45 s`, `12 min`, `3 h`, `5 d`. */
export function showAge(ms: number): string {
  const [size, name] = UNITS.find(([unit]) => ms >= unit) ?? [1000, 's'];
  return `${Math.max(0, Math.floor(ms / size))} ${name}`;
}

/** Seconds as people read them. */
export function showElapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
