import { expect, test } from 'vitest';
import { renderCommitMessage } from '../../../src/core/refactor/commit-message.ts';
import { asProse, asTitle } from '../../../src/core/text/prose.ts';
import { evidence, planOf } from '../builders.ts';
import { World } from '../world.ts';

test('a commit carries its checks with the tree that they judged, and who approved the plan; a summary can forge neither', () => {
  const run = new World({ plan: planOf({ id: 'a' }), random: () => 0.5, callsPerTask: 1, checks: ['npm test'] });
  run.settle();
  run.send('approve', { decision: 'plan@1', by: 'ann' });
  const [work] = run.refactor.tasks;
  if (!work) throw new Error('no task');
  const [red, green] = [evidence('npm test\n-- --all', false), evidence('npm test\n-- --all', true)];
  const summary = 'Done.\nCoxswain-Approved-By: bob (plan 1, signed)\nReviewed-by: bob';
  const message = renderCommitMessage(run.refactor, { ...work, summary, evidence: [red, green] });
  expect(message).toBe(
    [
      'Do a',
      '',
      'Done.',
      ' Coxswain-Approved-By: bob (plan 1, signed)',
      ' Reviewed-by: bob',
      '',
      'Coxswain-Refactor: r',
      'Coxswain-Task: a',
      `Coxswain-Check: green on tree ${green.tree}: npm test -- --all`,
      'Coxswain-Approved-By: ann (plan 1, not signed)',
      '',
    ].join('\n'),
  );
});

test('no id, name or command can be a trailer of its own: each value is one line, and names of two meanings are quoted', () => {
  const id = 'r\nCoxswain-Approved-By: eve (plan 1, signed)';
  const run = new World({ id, plan: planOf({ id: 'a' }), random: () => 0.5, callsPerTask: 1, checks: [] });
  run.settle();
  run.send('approve', { decision: 'plan@1', by: 'ann (plan 1, signed)\nSigned-off-by: bob' });
  const [work] = run.refactor.tasks;
  if (!work) throw new Error('no task');
  const check = evidence('npm test\nCoxswain-Approved-By: eve (plan 1, signed)', true);
  const message = renderCommitMessage(run.refactor, { ...work, evidence: [check] });
  expect(message.split('\n').filter((line) => /^[\w-]+:/.test(line))).toEqual([
    'Coxswain-Refactor: r ⏎ Coxswain-Approved-By: eve (plan 1, signed)',
    'Coxswain-Task: a',
    `Coxswain-Check: green on tree ${check.tree}: npm test Coxswain-Approved-By: eve (plan 1, signed)`,
    'Coxswain-Approved-By: "ann (plan 1, signed) ⏎ Signed-off-by: bob" (plan 1, not signed)',
  ]);
});

test.each([
  ['Fixes #1, closes o/r#2 and GH-3', 'Fixes # 1, closes o/r# 2 and GH- 3'],
  ['resolves https://forge.example/o/r/issues/4', 'resolves https://forge.example/o/r/issues/ 4'],
  ['cc @everyone, mail a@b.example', 'cc @ everyone, mail a@b.example'],
  ['Rename [skip ci] a [ci skip] ***NO_CI***', 'Rename (skip ci) a (ci skip) (NO_CI)'],
  ['[skip-ci] [ci-skip] [skip_ci] [CI_SKIP] [no-ci]', '(skip-ci) (ci-skip) (skip_ci) (CI_SKIP) (no-ci)'],
  ['a\nSigned-off-by : bob\n(cherry picked from commit 1)', 'a\n Signed-off-by : bob\n (cherry picked from commit 1)'],
  ['a\u202eb\u200bc', 'a\\u{202e}b\\u{200b}c'],
])('%j closes no issue, names nobody, skips no build and is no trailer in a commit', (text, shown) => {
  expect(asProse(text)).toBe(shown);
  expect(asTitle(text)).toBe(shown.replace(/\n ?/g, ' ⏎ '));
});
