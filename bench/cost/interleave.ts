/**
 * Measures several pieces of work together: each round does each of them once, so that other load on the machine
 * affects all of them equally.
 * Rule: only `work` is timed; warm-up rounds do not count.
 */

/** One piece of work that is measured. */
export interface Subject {
  name: string;
  /** Runs before each round and is not timed. */
  prepare?: () => Promise<void>;
  work: () => Promise<void>;
  /** Cleans up after the last round. */
  finish?: () => Promise<void>;
}

/** The times of one subject, in milliseconds. */
export interface Timing {
  medianMs: number;
  /** 90 % of the rounds took at most this long. */
  p90Ms: number;
}

/** Rounds at the start, in which caches fill and code is compiled. */
const WARM_UP_ROUNDS = 5;

/**
 * Runs all subjects for this many rounds; returns their timings by name. The order is random in each round, because a
 * subject's leftover work for disk and scheduler slows the next one.
 */
export async function interleave(subjects: readonly Subject[], rounds: number): Promise<Map<string, Timing>> {
  const times = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const subject of shuffle(subjects)) {
      await subject.prepare?.();
      const startedAt = performance.now();
      await subject.work();
      const tookMs = performance.now() - startedAt;
      if (round >= 0) times.get(subject.name)?.push(tookMs);
    }
  }
  for (const subject of subjects) await subject.finish?.();
  return new Map([...times].map(([name, all]) => [name, { medianMs: quantile(all, 0.5), p90Ms: quantile(all, 0.9) }]));
}

function shuffle<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
