/**
 * What a reviewer was worth: its verdicts beside what people decided.
 * Rule: counts what is known and calls nothing a miss that nobody has found.
 */
import type { Review } from './review.ts';

/** The reviews of one refactor, and whether people rejected what came of it. */
export interface ReviewedRefactor {
  reviews: readonly Review[];
  wasRejected: boolean;
}

/** Figures over refactors. A rate without anything to divide by is null. */
export interface ReviewStats {
  refactors: number;
  /** Results and calls that a reviewer judged, and results that were not due. */
  reviewed: number;
  notDue: number;
  /** Results at which a person was made to look, and what was said there. */
  asked: number;
  /** People agreed with the doubt. */
  confirmed: number;
  /** People let it pass all the same: false alarms. */
  overridden: number;
  open: number;
  /** Results that the reviewer let pass in refactors that people then rejected, and calls that people rejected. */
  missed: number;
  overrideRate: number | null;
  askRate: number | null;
}

/** Sums up. */
export function measureReviews(refactors: readonly ReviewedRefactor[]): ReviewStats {
  const all = refactors.flatMap(({ reviews }) => reviews);
  const reviewed = all.filter(({ missing }) => missing !== 'not due');
  const passed = ({ decided, verdict }: Review): boolean => decided === undefined && verdict !== null;
  // Where a rule asked all the same, a person's word tells what the reviewer had let pass.
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
