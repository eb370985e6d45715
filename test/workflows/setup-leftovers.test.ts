import { expect, test } from 'vitest';
import { refactorQueries } from '../../src/workflows/messages.ts';
import { approve, git, makeRepository, startCrew, until } from './harness.ts';

const VAR = "var p = require('path');\n";
const CONST = "const p = require('path');\n";

/** What a setup leaves that nobody ignores: packages, sources of others, and a file beside the sources. */
const LEFT = ['node_modules/x/index.js', 'vendor/y/index.js', 'lib/vendor/z.js', 'lib/made.js'];
const SETUP = LEFT.map((path) => `mkdir -p $(dirname ${path}) && printf "${VAR.trim()}\\n" > ${path}`).join(' && ');

test('what a setup leaves is in no task and in no commit, though nobody ignores it', async () => {
  const crew = await startCrew('offline');
  const repository = await makeRepository({ 'lib/a.js': VAR, 'lib/deep/b.js': VAR, 'c.js': VAR });
  const handle = await crew.start({
    repository,
    branch: 'const',
    setup: SETUP,
    // With what it left at hand, as for any check.
    checks: [LEFT.map((path) => `grep -q "^var p" ${path}`).join(' && ')],
    goal: 'replace `var $A = require($B)` with `const $A = require($B)` in javascript',
  });
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'plan@1'));
  const { plan } = (await handle.query(refactorQueries.plan))!;
  expect(plan.summary).toContain('3 matches in 3 files');
  expect(plan.tasks.flatMap(({ paths }) => paths).toSorted()).toEqual(['c.js', 'lib/**']);
  await approve(handle, 'plan@1');
  // Its two tasks make ten steps: time for a busy machine.
  await approve(handle, 'delivery@1', 180_000);
  await handle.result();
  expect(await git(repository, 'diff', '--name-status', 'main', 'const')).toBe(
    'M\tc.js\nM\tlib/a.js\nM\tlib/deep/b.js',
  );
  for (const path of ['c.js', 'lib/a.js', 'lib/deep/b.js'])
    expect(`${await git(repository, 'show', `const:${path}`)}\n`).toBe(CONST);
});
