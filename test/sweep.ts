/**
 * How much of a sweep a test does: a sample in `npm test`, all of it in `npm run test:long`.
 * Rule: the sample shows the same promise on fewer cases. A file that uses this runs in both, and a file that is named
 * `*.long.test.ts` in the second only.
 */

/** The sample, or the whole where the long tests run. */
export function sweep<T>(sample: T, whole: T): T {
  return process.env['COXSWAIN_LONG_TESTS'] === '1' ? whole : sample;
}
