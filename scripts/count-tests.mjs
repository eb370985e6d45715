/**
 * Closes a CI run: prints `N passed, N failed` from vitest's JSON report and exits as the run deserves.
 * Usage: count-tests.mjs <report> <exit status of the tests>
 * Rule: no report, no test, or a status without a failed test is a failed run too. A test that passed only at its
 * second try is named with its first failure; more than a few of them are a failed run.
 */
import { readFileSync } from 'node:fs';

/** A busy machine spoils one test in a thousand; more than these are not chance. */
const MAX_SECOND_TRIES = 3;

const [file, status] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let secondTries = [];
try {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const tests = report.testResults.flatMap((result) => result.assertionResults);
  passed = tests.filter((test) => test.status === 'passed').length;
  failed = tests.filter((test) => test.status === 'failed').length;
  secondTries = tests.filter((test) => test.status === 'passed' && test.failureMessages.length > 0);
  // A file that could not be loaded has no tests to count.
  failed += report.testResults.filter(
    (result) => result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
  ).length;
} catch (error) {
  console.error(`no report of the tests: ${error.message}`);
}
for (const { fullName, failureMessages } of secondTries) {
  console.log(`passed at its second try: ${fullName}\n  ${failureMessages[0].split('\n')[0]}`);
}
if (secondTries.length > MAX_SECOND_TRIES) {
  console.log(`${secondTries.length} tests needed a second try; at most ${MAX_SECOND_TRIES} may`);
  failed += secondTries.length;
}
const isGreen = passed > 0 && failed === 0 && status === '0';
if (!isGreen && failed === 0) failed = 1;
process.exitCode = isGreen ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);
