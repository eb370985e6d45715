/** The worker of a replacement changes only its task's files, and asks a person when it can't continue. */
import { describe, expect, test } from 'vitest';
import {
  CONST,
  GOAL,
  PROJECT,
  REQUIRE,
  converse,
  makeFolder,
  openOffline,
  readFolder,
  refactor,
  startServer,
} from './dialog.ts';

describe('the worker', () => {
  test('changes nothing outside its paths', async () => {
    const dir = await makeFolder(PROJECT);
    const spec = { goal: GOAL, task: 't', paths: ['lib/deep/**', 'index.js', './-dash.js'] };
    await converse(openOffline(await startServer()), dir, spec);
    const changed = Object.entries(await readFolder(dir)).filter(
      ([path, text]) => text !== PROJECT[path as 'index.js'],
    );
    expect(changed.map(([path]) => path)).toEqual(['-dash.js', 'index.js', 'lib/deep/b.mjs']);
  });

  test('respects globs that do not cover whole folders', async () => {
    const dir = await makeFolder({
      'a/x.js': REQUIRE,
      'a/x.test.js': REQUIRE,
      'a/b/y.test.js': REQUIRE,
      'z.test.js': REQUIRE,
    });
    await converse(openOffline(await startServer()), dir, { goal: GOAL, task: 't', paths: ['a/**/*.test.js'] });
    const changed = Object.entries(await readFolder(dir)).filter(([, text]) => text.includes('const'));
    expect(changed.map(([path]) => path)).toEqual(['a/b/y.test.js', 'a/x.test.js']);
  });

  test('repeats a steer and skips what it names', async () => {
    const dir = await makeFolder({ 'a/x.js': REQUIRE, 'a/y.js': REQUIRE, 'a/sub/z.js': REQUIRE, 'b.js': REQUIRE });
    const messages = {
      1: 'Steer from ann, a supervisor: skip a/y.js, b.js',
      2: 'Steer from bob, a supervisor: be careful',
    };
    const spec = { goal: GOAL, task: 't', paths: ['a/**', 'b.js'] };
    const { said } = await converse(openOffline(await startServer()), dir, spec, { messages });
    expect(said).toEqual([
      'Noted: skip a/y.js, b.js',
      'The offline model only does replacements, and the only steer that it knows is "skip <path>". This steer changes nothing: be careful',
    ]);
    const changed = Object.entries(await readFolder(dir)).filter(([, text]) => text.includes('const'));
    expect(changed.map(([path]) => path)).toEqual(['a/sub/z.js', 'a/x.js']);
  });

  test('says that a skip after the replacement changes nothing', async () => {
    const dir = await makeFolder({ 'a/x.js': REQUIRE, 'a/y.js': REQUIRE });
    const messages = { 2: 'Steer from ann, a supervisor: skip a/y.js' };
    const spec = { goal: GOAL, task: 't', paths: ['a/**'] };
    const { said } = await converse(openOffline(await startServer()), dir, spec, { messages });
    expect(said).toEqual(['The replacement is made already, so this steer changes nothing: skip a/y.js']);
    const changed = Object.entries(await readFolder(dir)).filter(([, text]) => text.includes('const'));
    expect(changed.map(([path]) => path)).toEqual(['a/x.js', 'a/y.js']);
  });

  test("skips a kind of file even if the task's paths name the file", async () => {
    const dir = await makeFolder({ 'a/x.min.js': REQUIRE, 'a/y.js': REQUIRE, 'b/z.min.js': REQUIRE });
    const messages = { 0: 'Steer from ann, a supervisor: skip *.min.js' };
    const spec = { goal: GOAL, task: 't', paths: ['a/x.min.js', 'a/y.js', 'b/**'] };
    await converse(openOffline(await startServer()), dir, spec, { messages });
    const changed = Object.entries(await readFolder(dir)).filter(([, text]) => text.includes('const'));
    expect(changed.map(([path]) => path)).toEqual(['a/y.js']);
  });

  test('runs the checks itself before it finishes, and its summary counts', async () => {
    const dir = await makeFolder({ 'a.js': REQUIRE });
    const spec = { goal: GOAL, task: 't', paths: ['a.js'], checks: ['grep -q const a.js', 'test -f a.js'] };
    const { commands, end } = await converse(openOffline(await startServer()), dir, spec);
    expect(commands.slice(-2)).toEqual(spec.checks);
    expect(end.arguments['summary']).toMatch(
      /Replaced 2 matches in 1 file under a\.js\. None is left\. Code that the pattern does not name stayed: a\.js:2\. Green .*grep -q const a\.js; test -f a\.js/,
    );
  });

  test('asks a person when a check fails, and finishes honestly once answered', async () => {
    const dir = await makeFolder({ 'a.js': REQUIRE });
    const spec = { goal: GOAL, task: 't', paths: ['a.js'], checks: ['echo it broke; exit 3'] };
    const { questions, end } = await converse(openOffline(await startServer()), dir, spec);
    expect(questions).toHaveLength(1);
    expect(questions[0]).toMatch(/checks fail after the replacement: echo it broke; exit 3 → exit status 3\nit broke/);
    expect(end.arguments['summary']).toMatch(/The check echo it broke; exit 3 fails \(exit status 3\)/);
  });

  test('asks a person when its finish is not accepted', async () => {
    const dir = await makeFolder({ 'a.js': REQUIRE });
    const notConfirmed = ['Not confirmed: 1 of 1 checks are red on your files.\n$ npm test\nexit status 1\nboom'];
    const { questions, end } = await converse(
      openOffline(await startServer()),
      dir,
      { goal: GOAL, task: 't' },
      { notConfirmed },
    );
    expect(questions).toEqual([expect.stringMatching(/finish did not count[^]*boom/)]);
    expect(end.tool).toBe('finish');
  });

  test('repeats an interrupted edit, and asks when a command was refused', async () => {
    const dir = await makeFolder({ 'a.js': REQUIRE });
    const results = {
      1: 'A supervisor interrupted this call. It had no effect on your files.',
      2: 'A supervisor rejected this call: wait. It was not run.',
    };
    const { questions } = await converse(openOffline(await startServer()), dir, { goal: GOAL, task: 't' }, { results });
    expect(questions).toEqual([expect.stringMatching(/did not run: A supervisor rejected this call: wait/)]);
    expect(await readFolder(dir)).toEqual({ 'a.js': CONST });
  });

  test('asks when its edit was undone, instead of trying again for ever', async () => {
    const dir = await makeFolder({ 'a.js': REQUIRE });
    const messages = {
      2: "Policy denies changes outside the task's paths: x. Your last call's changes were undone; stay.",
    };
    const { questions } = await converse(
      openOffline(await startServer()),
      dir,
      { goal: GOAL, task: 't' },
      { messages },
    );
    expect(questions).toEqual([expect.stringMatching(/My replacement was undone/)]);
  });

  test('asks in a repair or a merge instead of replacing again', async () => {
    const dir = await makeFolder({ 'a.js': 'log(1);\n' });
    const goal = 'replace `log($A)` with `log(wrap($A))` in js';
    const model = openOffline(await startServer());
    const repair = {
      goal,
      task: 'repair-1',
      instructions: 'The checks are red on the integrated work of all tasks. Make',
    };
    const merge = { goal, task: 'a', instructions: 'I\n\nThese files have conflict markers now. Resolve them' };
    for (const spec of [repair, merge]) {
      const { questions, commands } = await converse(model, dir, spec);
      expect(commands).toEqual([]);
      expect(questions).toEqual([expect.stringMatching(/cannot mend that/)]);
    }
    expect(await readFolder(dir)).toEqual({ 'a.js': 'log(1);\n' });
  });

  test('says what it did not replace, and why its count differs from the plan', async () => {
    const dir = await makeFolder({
      'a.js': "var p = require('p');\nfor (var q = require('q'); q; ) q();\n",
      'notes.md': "var r = require('r')\n",
    });
    const spec = {
      goal: 'replace `var $A = require($B)` with `import $A from $B` in javascript',
      task: 't',
      instructions: 'Replace `x` with `y` in the files of this task, by ast-grep: 3 matches in 2 files.',
    };
    const { end } = await converse(openOffline(await startServer()), dir, spec);
    expect(await readFolder(dir)).toMatchObject({
      'a.js': "import p from 'p';\nfor (var q = require('q'); q; ) q();\n",
    });
    expect(end.arguments['summary']).toBe(
      'Replaced 1 match in 1 file under **. 1 file still matches. ' +
        'Not replaced: 1: a.js:2 (the rewrite would add a syntax error). ' +
        'The plan counted 3, I found 2: files changed since, or a skip leaves some out. ' +
        'May match and was not read: notes.md (not javascript by its name).',
    );
  });

  test('rewrites files whose names begin with a space or contain a line end', async () => {
    const dir = await makeFolder({
      ' lead.js': REQUIRE,
      'new\nline.js': REQUIRE,
      ' a/b.js': REQUIRE,
      'b/c.js': REQUIRE,
    });
    const { works } = await refactor(openOffline(await startServer()), dir, GOAL);
    expect(Object.values(await readFolder(dir))).toEqual([CONST, CONST, CONST, CONST]);
    expect(works.map(({ end }) => end.arguments['summary']).join()).not.toContain('still');
  });

  test('finishes at once if nothing matches', async () => {
    const dir = await makeFolder({ 'a.js': 'x\n' });
    const { end } = await converse(openOffline(await startServer()), dir, {
      goal: GOAL,
      task: 't',
      paths: ['a.js', 'gone/**'],
    });
    expect(end.arguments['summary']).toMatch(/Nothing to replace: no match under a\.js, gone\/\*\*/);
  });

  test('asks instead of continuing a conversation of another model', async () => {
    const dir = await makeFolder({ 'a.js': REQUIRE });
    const model = openOffline(await startServer());
    const { items } = await converse(model, dir, { goal: GOAL, task: 't' });
    const foreign = items.map((item) =>
      item.kind === 'call' ? { ...item, arguments: item.arguments.replace('"', ' "') } : item,
    );
    const last = foreign.findLast((item) => item.kind === 'call');
    const request = { instructions: '', profile: 'work', cacheKey: 'k', maxOutputTokens: 100 } as const;
    const answer = await model.call({
      ...request,
      items: [...foreign, { kind: 'result', callId: last?.callId ?? '', output: 'x' }],
    });
    expect(answer.items).toEqual([expect.objectContaining({ kind: 'call', tool: 'ask' })]);
  });

  test('says what is wrong if the codemod is missing', async () => {
    const dir = await makeFolder({ 'a.js': REQUIRE });
    const results = { 0: 'exit status 127\nsh: 1: cox-codemod: not found\n' };
    const { questions } = await converse(openOffline(await startServer()), dir, { goal: GOAL, task: 't' }, { results });
    expect(questions).toEqual([expect.stringMatching(/ast-grep failed[^]*not found/)]);
  });
});
