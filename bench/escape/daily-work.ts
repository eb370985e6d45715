/**
 * The contract of a piece of daily work: commands that an agent must be able to run, and how to verify their result.
 * Rule: people do not use an isolation that blocks work, so work is judged as strictly as attacks: by what is
 * delivered.
 */
import type { Outcome } from './attack.ts';
import type { Job } from './trial.ts';

/** One piece of daily work. */
export interface DailyWork extends Job {
  area: string;
  /** One sentence: what is done. */
  does: string;
  /** True when the work was done: exit status 0 alone is not enough. */
  works(outcome: Outcome): boolean;
}
