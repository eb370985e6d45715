/** The planner of a replacement surveys, and hands in tasks with each file once, or declines with the reason. */
import { describe, expect, test } from 'vitest';
import { canOverlap, isInPaths } from '../../../src/core/paths.ts';
import { findPlanProblems } from '../../../src/core/plan.ts';
import {
  GOAL,
  PROJECT,
  REQUIRE,
  converse,
  makeFolder,
  openOffline,
  planOf,
  readFolder,
  startServer,
} from './dialog.ts';

describe('the planner', () => {
  test('gives each matching file to exactly one task, so that tasks can run at the same time', async () => {
    const files: Record<string, string> = { 'root.js': REQUIRE, 'other.js': REQUIRE };
    for (let folder = 0; folder < 12; folder += 1) {
      for (let file = 0; file < 100; file += 1) {
        files[`packages/p${folder}/${file % 2 ? 'src' : 'test'}/f${file}.js`] = REQUIRE;
      }
    }
    for (let file = 0; file < 170; file += 1) files[`packages/own${file}.js`] = REQUIRE;
    for (let file = 0; file < 230; file += 1) files[`flat/f${file}.js`] = REQUIRE;
    const dir = await makeFolder(files);
    const plan = planOf(
      await converse(openOffline(await startServer()), dir, { kind: 'plan', goal: GOAL, checks: ['npm test'] }),
    );
    const owners = Object.keys(files).map((path) => plan.tasks.filter((task) => isInPaths(path, task.paths)).length);
    expect(owners.filter((count) => count !== 1)).toEqual([]);
    const pairs = plan.tasks.flatMap((a, at) => plan.tasks.slice(at + 1).map((b) => [a, b] as const));
    expect(pairs.filter(([a, b]) => canOverlap(a.paths, b.paths))).toEqual([]);
    expect(findPlanProblems(plan)).toEqual([]);
    expect(plan.tasks.length).toBeGreaterThanOrEqual(8);
    expect(plan.tasks.length).toBeLessThanOrEqual(24);
    expect(plan.tasks.every(({ checks }) => checks.length === 0)).toBe(true);
    expect(plan.summary).toMatch(/1602 files .*tasks by folder.*integrated work only/);
  });

  test('puts the checks into each task if the tasks are few', async () => {
    const dir = await makeFolder({ 'a/a.js': REQUIRE, 'b/b.js': REQUIRE });
    const checks = ['npm test', "sh -c 'exit 0'"];
    const plan = planOf(await converse(openOffline(await startServer()), dir, { kind: 'plan', goal: GOAL, checks }));
    expect(plan.tasks.map(({ id, paths, checks: own }) => ({ id, paths, own }))).toEqual([
      { id: 'a', paths: ['a/**'], own: checks },
      { id: 'b', paths: ['b/**'], own: checks },
    ]);
  });

  test('writes nothing: the folder stays as it was', async () => {
    const dir = await makeFolder(PROJECT);
    await converse(openOffline(await startServer()), dir, { kind: 'plan', goal: GOAL });
    expect(await readFolder(dir)).toEqual(PROJECT);
  });

  test.each([
    [
      'make it faster',
      /cannot do this goal.*replace `<pattern>` with `<rewrite>`.*COXSWAIN_MODEL.*OPENAI_API_KEY.*OPENAI_BASE_URL/,
    ],
    ['replace `a` by', /the rewrite must be in backticks/],
    [
      'replace `nope($A)` with `b($A)` in javascript',
      /Nothing to replace: `nope\(\$A\)` matches no file .* in javascript/,
    ],
    ['replace `nope($A)` with `b($A)`', /in any language.*Name the language/],
    ['replace `a($A)` with `b($A)` in klingon', /klingon is not supported/],
    ['replace `a(); b()` with `c()` in javascript', /Multiple AST nodes are detected/],
    ['replace `a($A)` with `b($C)` in javascript', /the rewrite uses \$C, which the pattern does not have/],
  ])('declines "%s" with the reason', async (goal, reason) => {
    const dir = await makeFolder({ 'a.js': REQUIRE });
    const { end } = await converse(openOffline(await startServer()), dir, { kind: 'plan', goal });
    expect(end.tool).toBe('decline');
    expect(end.arguments['reason']).toMatch(reason);
  });

  test('leaves out what a steer or the note of a rejected plan says to skip, and tells the workers', async () => {
    const dir = await makeFolder({
      'a.js': REQUIRE,
      'lib/b.js': REQUIRE,
      'lib/old/c.js': REQUIRE,
      'lib/d.min.js': REQUIRE,
    });
    const model = openOffline(await startServer());
    const instructions = 'ann rejected the last plan: skip *.min.js\n\nThe last plan was:\n{"summary":"skip x"}';
    const messages = { 1: 'Steer from ann, a supervisor: skip lib/old/**' };
    const dialog = await converse(model, dir, { kind: 'plan', goal: GOAL, instructions }, { messages });
    expect(dialog.said).toEqual(['Noted: skip lib/old/**']);
    const plan = planOf(dialog);
    expect(plan.summary).toContain('Left out: *.min.js, lib/old/**.');
    for (const task of plan.tasks) await converse(model, dir, { goal: GOAL, ...task, task: task.id });
    const changed = Object.entries(await readFolder(dir)).filter(([, text]) => text.includes('const'));
    expect(changed.map(([path]) => path)).toEqual(['a.js', 'lib/b.js']);
  });
});
