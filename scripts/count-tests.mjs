/**
 * Closes a CI run: prints `N passed, N failed` from vitest's JSON report and exits as the run deserves.
 * Usage: count-tests.mjs <report> <exit status of the tests>
 * Rule: no report, no test, or a status without a failed test is a failed run too.
 */
import { readFileSync } from 'node:fs';

const [file, status] = process.argv.slice(2);
let passed = 0;
let failed = 0;
try {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const tests = report.testResults.flatMap((result) => result.assertionResults);
  passed = tests.filter((test) => test.status === 'passed').length;
  failed = tests.filter((test) => test.status === 'failed').length;
  // A file that could not be loaded has no tests to count.
  failed += report.testResults.filter(
    (result) => result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
  ).length;
} catch (error) {
  console.error(`no report of the tests: ${error.message}`);
}
const isGreen = passed > 0 && failed === 0 && status === '0';
if (!isGreen && failed === 0) failed = 1;
process.exitCode = isGreen ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);
