/**
 * Closes a CI run: prints `N passed, N failed` from vitest's JSON reports, and exits with 0 only if the run succeeded.
 * Usage: count-tests.mjs <exit status of the tests> <report>...
 * Rule: a run without a report, without tests, or with an error status but no failed test counts as failed. A test that
 * passed only at its second try is named with its first failure; more than a few of them fail the run.
 */
import { readFileSync } from 'node:fs';

/** On a busy machine about one test in a thousand fails by chance; more than this many are a real fault. */
const MAX_SECOND_TRIES = 3;

const [status, ...files] = process.argv.slice(2);
let passed = 0;
let failed = 0;
const secondTries = [];
for (const file of files) {
  try {
    count(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    console.error(`no report of the tests: ${error.message}`);
    failed += 1;
  }
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

function count({ testResults }) {
  const tests = testResults.flatMap((result) => result.assertionResults);
  passed += tests.filter((test) => test.status === 'passed').length;
  failed += tests.filter((test) => test.status === 'failed').length;
  secondTries.push(...tests.filter((test) => test.status === 'passed' && test.failureMessages.length > 0));
  // A test file that could not be loaded has no tests, so it counts as one failure.
  failed += testResults.filter(
    (result) => result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
  ).length;
}
