/**
 * How often a property is tried: a fifth of the runs in `npm test`, all of them with COXSWAIN_LONG_TESTS=1.
 * Rule: only for properties that take minutes; each run draws other values, so that what one leaves out another tries.
 */
export function runsOf(whole: number): number {
  return process.env['COXSWAIN_LONG_TESTS'] === '1' ? whole : Math.ceil(whole / 5);
}
