/** The offline model does a whole replacement by itself, and its result is ast-grep's own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { findPlanProblems } from '../../src/core/plan.ts';
import {
  ALONE,
  GOAL,
  PROJECT,
  REQUIRE,
  converse,
  env,
  makeFolder,
  openOffline,
  readFolder,
  refactor,
  replaceAlone,
  startServer,
} from './dialog.ts';

describe('a whole replacement', () => {
  test('ends in the same files as ast-grep alone, whatever the names are', async () => {
    const dir = await makeFolder(PROJECT);
    const alone = await replaceAlone(dir, ...ALONE);
    const { plan, works } = await refactor(openOffline(await startServer()), dir, GOAL);
    expect(await readFolder(dir)).toEqual(alone);
    expect(alone['lib/a.js']).toContain('const a = require');
    expect(alone['built/out.js']).toBe(REQUIRE);
    expect(works.flatMap(({ questions }) => questions)).toEqual([]);
    expect(plan.tasks.length).toBeGreaterThanOrEqual(1);
    expect(plan.tasks.length).toBeLessThanOrEqual(4);
    expect(findPlanProblems(plan)).toEqual([]);
  });

  test('without a language goes by the files, as ast-grep does', async () => {
    const dir = await makeFolder({ ...PROJECT, 'main.py': 'print(x)\n' });
    const alone = await replaceAlone(dir, ...ALONE.slice(0, 4));
    const { plan } = await refactor(openOffline(await startServer()), dir, GOAL.replace(' in javascript', ''));
    expect(await readFolder(dir)).toEqual(alone);
    expect(alone['lib/deep/typed.ts']).toContain('const a');
    expect(plan.summary).toMatch(/JavaScript \d+, TypeScript \d+/);
  });

  test('spreads pattern and rewrite over lines where the goal does', async () => {
    const dir = await makeFolder({ 'a.js': 'if (x) {\n  go();\n}\n' });
    const goal = 'replace `if ($A) {\n  $B;\n}` with `if (!$A) {\n\n  $B;\n}` in js';
    await refactor(openOffline(await startServer()), dir, goal);
    expect(await readFolder(dir)).toEqual({ 'a.js': 'if (!x) {\n\n  go();\n}\n' });
  });

  test('never runs a word of the goal or of a file name as a command', async () => {
    const dir = await makeFolder({ 'a.js': "run('x');\n", '$(touch pwned-name).js': "run('x');\n" });
    const goal = "replace `run('x')` with `run('$(touch pwned)', \"; touch pwned #\", 'it\\'s')` in javascript";
    await refactor(openOffline(await startServer()), dir, goal);
    expect(existsSync(join(dir, 'pwned'))).toBe(false);
    expect(existsSync(join(dir, 'pwned-name'))).toBe(false);
    expect((await readFolder(dir))['a.js']).toBe("run('$(touch pwned)', \"; touch pwned #\", 'it\\'s');\n");
  });

  test('makes one pass where a rewrite fits its own pattern, and says that matches are left', async () => {
    const dir = await makeFolder({ 'a.js': 'log(1);\n' });
    const { works } = await refactor(
      openOffline(await startServer()),
      dir,
      'replace `log($A)` with `log(wrap($A))` in js',
    );
    expect(await readFolder(dir)).toEqual({ 'a.js': 'log(wrap(1));\n' });
    expect(works[0]?.end.arguments['summary']).toMatch(/Replaced 1 match in 1 file .* 1 file still matches/);
  });

  test('gives the same dialog again, call ids included, and goes on at a server that was restarted', async () => {
    const dirs = [await makeFolder(PROJECT), await makeFolder(PROJECT)];
    const spec = { goal: GOAL, task: 'all', paths: ['**'] };
    const model = openOffline(await startServer());
    const steady = await converse(model, dirs[0] ?? '', spec);
    const restarted = await converse(model, dirs[1] ?? '', spec, {
      model: async () => openOffline(await startServer()),
    });
    expect(restarted.items).toEqual(steady.items);
    const callIds = steady.items.flatMap((item) => (item.kind === 'call' ? [item.callId] : []));
    expect(new Set(callIds).size).toBe(callIds.length);
  });
});

test('ast-grep is the one that the product ships', async () => {
  const { stdout } = await execa('ast-grep', ['--version'], { env, extendEnv: false });
  expect(stdout).toMatch(/^ast-grep 0\.\d+/);
});
