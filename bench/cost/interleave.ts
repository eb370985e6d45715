/**
 * Measures several pieces of work side by side: each round does every one of them once, so that whatever else happens
 * on the machine falls on all alike.
 * Rule: only `work` is timed; rounds that warm up count for nothing.
 */

/** One piece of work that is measured. */
export interface Subject {
  name: string;
  /** What must be done before each run and is not timed. */
  prepare?: () => Promise<void>;
  work: () => Promise<void>;
  /** Takes away what is left after the last round. */
  finish?: () => Promise<void>;
}

/** What came of one subject. */
export interface Timing {
  medianMs: number;
  /** Nine of ten rounds took no longer. */
  p90Ms: number;
}

/** Rounds at the start in which caches fill and code is compiled. */
const WARM_UP_ROUNDS = 5;

/**
 * Runs all subjects for so many rounds and gives the timing of each by its name. Each round has an order by chance:
 * what one leaves to the disk and the scheduler falls on whichever comes next.
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
