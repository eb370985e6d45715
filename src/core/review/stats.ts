/**
 * Compares a reviewer's verdicts with what people decided.
 * Rule: counts what is known. A miss is only what somebody has found.
 */
import type { Review } from './review.ts';

/** The reviews of one refactor, and whether people rejected its result. */
export interface ReviewedRefactor {
  reviews: readonly Review[];
  wasRejected: boolean;
}

/** Numbers over several refactors. A rate is null if there is nothing to divide by. */
export interface ReviewStats {
  refactors: number;
  /** Reviewed results and calls, and results whose review was not due. */
  reviewed: number;
  notDue: number;
  /** Results and calls at which a person was made to look. */
  asked: number;
  /** People agreed with the doubt. */
  confirmed: number;
  /** People let it pass: false alarms. */
  overridden: number;
  open: number;
  /**
   * Results that the reviewer let pass in refactors that people then rejected, and calls that it let pass and people
   * rejected.
   */
  missed: number;
  overrideRate: number | null;
  askRate: number | null;
}

export function measureReviews(refactors: readonly ReviewedRefactor[]): ReviewStats {
  const all = refactors.flatMap(({ reviews }) => reviews);
  const reviewed = all.filter(({ missing }) => missing !== 'not due');
  const passed = ({ decided, verdict }: Review): boolean => decided === undefined && verdict !== null;
  // If a rule asked although the reviewer did not, the person's decision shows what the reviewer let pass.
  const decided = reviewed.filter((review) => review.decided && review.asked !== false);
  const confirmed = decided.filter((review) => review.decided?.outcome === 'rejected').length;
  const overridden = decided.length - confirmed;
  const asked = reviewed.filter((review) => review.asked);
  const missed = refactors.filter(({ wasRejected }) => wasRejected).flatMap(({ reviews }) => reviews.filter(passed));
  const caught = reviewed.filter(({ asked: was, decided: end }) => was === false && end?.outcome === 'rejected').length;
  const rate = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  return {
    refactors: refactors.length,
    reviewed: reviewed.length,
    notDue: all.length - reviewed.length,
    asked: asked.length,
    confirmed,
    overridden,
    open: asked.length - decided.length,
    missed: missed.filter(({ missing, asked: wasAsked }) => missing === null && wasAsked !== true).length + caught,
    overrideRate: rate(overridden, decided.length),
    askRate: rate(asked.length, reviewed.length),
  };
}
