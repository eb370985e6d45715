/** The offline model does a whole replacement alone, with the result that a person would have written. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { findPlanProblems } from '../../../src/core/plan.ts';
import {
  CONST,
  DONE,
  GOAL,
  PROJECT,
  converse,
  env,
  makeFolder,
  openOffline,
  readFolder,
  refactor,
  startServer,
} from './dialog.ts';

describe('a whole replacement', () => {
  test('changes only the wanted bytes, whatever the file names are', async () => {
    const dir = await makeFolder(PROJECT);
    const { plan, works } = await refactor(openOffline(await startServer()), dir, GOAL);
    expect(await readFolder(dir)).toEqual(DONE);
    expect(plan.summary).toContain(
      'May match and was not read: README.md (not javascript by its name), lib/deep/typed.ts',
    );
    expect(works.flatMap(({ questions }) => questions)).toEqual([]);
    expect(plan.tasks.length).toBeGreaterThanOrEqual(1);
    expect(plan.tasks.length).toBeLessThanOrEqual(4);
    expect(findPlanProblems(plan)).toEqual([]);
  });

  test('goes by file names where no language is given', async () => {
    const dir = await makeFolder({ ...PROJECT, 'main.py': 'print(x)\n' });
    const { plan } = await refactor(openOffline(await startServer()), dir, GOAL.replace(' in javascript', ''));
    expect(await readFolder(dir)).toEqual({ ...DONE, 'lib/deep/typed.ts': CONST, 'main.py': 'print(x)\n' });
    expect(plan.summary).toMatch(/JavaScript \d+, TypeScript \d+/);
  });

  test('accepts a pattern and a rewrite of several lines', async () => {
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

  test('makes one pass if the rewrite matches its own pattern, and says that matches are left', async () => {
    const dir = await makeFolder({ 'a.js': 'log(1);\n' });
    const { works } = await refactor(
      openOffline(await startServer()),
      dir,
      'replace `log($A)` with `log(wrap($A))` in js',
    );
    expect(await readFolder(dir)).toEqual({ 'a.js': 'log(wrap(1));\n' });
    expect(works[0]?.end.arguments['summary']).toMatch(/Replaced 1 match in 1 file .* 1 file still matches/);
  });

  test('repeats the same dialog, call ids included, and continues after a restart of the server', async () => {
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

test('the offline model runs the ast-grep that the product ships', async () => {
  const { stdout } = await execa('ast-grep', ['--version'], { env, extendEnv: false });
  expect(stdout).toMatch(/^ast-grep 0\.\d+/);
});
