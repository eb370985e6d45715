/** Goals are read exactly or refused with the reason, never guessed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quote } from '../../../src/offline/model/codemod-commands.ts';
import { readGoal, readPrompt, readSkips } from '../../../src/offline/model/read-goal.ts';
import { execa } from 'execa';

describe('a goal', () => {
  test.each([
    ['replace `a` with `b`', { pattern: 'a', rewrite: 'b' }],
    ['Replace `a` by `b`.', { pattern: 'a', rewrite: 'b' }],
    ['please replace\n`a`\nwith\n`b`\nin Python', { pattern: 'a', rewrite: 'b', language: 'python' }],
    ['replace `a` with `b` in the TypeScript files.', { pattern: 'a', rewrite: 'b', language: 'typescript' }],
    ['replace `a` with `b` in C#', { pattern: 'a', rewrite: 'b', language: 'csharp' }],
    ['replace `a` with `b` in c++', { pattern: 'a', rewrite: 'b', language: 'c++' }],
    ['replace `$A && $A()` with `$A?.()` in ts', { pattern: '$A && $A()', rewrite: '$A?.()', language: 'ts' }],
    ['replace `f($$$ARGS)` with `g($$$ARGS)`', { pattern: 'f($$$ARGS)', rewrite: 'g($$$ARGS)' }],
    ["replace `a('x', \"y\")` with `b(\\'x\\')`", { pattern: 'a(\'x\', "y")', rewrite: "b(\\'x\\')" }],
    ['replace ``f(`x`)`` with `` `y` ``', { pattern: 'f(`x`)', rewrite: '`y`' }],
    ['replace ```a``b``` with `c`', { pattern: 'a``b', rewrite: 'c' }],
    ['replace `debugger;` with ``', { pattern: 'debugger;', rewrite: '' }],
    ['replace `debugger;` with `` in js', { pattern: 'debugger;', rewrite: '', language: 'js' }],
    ['replace `a` with ` b `', { pattern: 'a', rewrite: ' b ' }],
    ['replace `if (a) {\n\n  b\n}` with `c` in js', { pattern: 'if (a) {\n\n  b\n}', rewrite: 'c', language: 'js' }],
    ['replace `with` with `in`', { pattern: 'with', rewrite: 'in' }],
    ['replace `$(rm -rf /)` with `; rm -rf / #`', { pattern: '$(rm -rf /)', rewrite: '; rm -rf / #' }],
  ])('%j is read exactly', (goal, expected) => {
    expect(readGoal(goal)).toEqual({ kind: 'replace', ...expected });
  });

  test.each([
    ['replace a with b', /pattern must be in backticks/],
    ['replace `a` with b', /rewrite must be in backticks/],
    ['replace `a` `b`', /after the pattern comes "with"/],
    ['replace `a with `b', /after the pattern comes "with"/],
    ['replace ``a` with `b`', /the pattern has no closing ``/],
    ['replace `` with `b`', /pattern is empty/],
    ['replace ` ` with `b`', /pattern is empty/],
    ['replace `a` with `a`', /nothing would change/],
    ['replace `a` with `b` in js but not in tests', /"in <language>" and nothing else, not "in js but not/],
    ['replace `a` with `b` everywhere', /nothing else, not "everywhere"/],
    ['replace `f($A)` with `g($A, $B, $$$C)`', /uses \$B, \$\$\$C, which/],
    ['replace `a\0` with `b`', /NUL/],
  ])('%j is refused with the reason', (goal, problem) => {
    expect(readGoal(goal)).toEqual({ kind: 'malformed', problem: expect.stringMatching(problem) as string });
  });

  test.each(['make it faster', 'do not replace `a` with `b`', 'replacement of `a`', ''])(
    '%j is another goal',
    (goal) => {
      expect(readGoal(goal)).toEqual({ kind: 'other' });
    },
  );

  test('any text is read back from a long enough fence', () => {
    const code = fc.string({
      minLength: 1,
      unit: fc.constantFrom('a', '`', ' ', '\n', "'", '"', '$', '(', '\\', '\u00e9'),
    });
    fc.assert(
      fc.property(code, code, (pattern, rewrite) => {
        fc.pre(pattern.trim() !== '' && pattern !== rewrite && rewrite !== '');
        const fence = '`'.repeat(
          Math.max(1, ...[...`${pattern} ${rewrite}`.matchAll(/`+/g)].map(([run]) => run.length)) + 1,
        );
        const goal = `replace ${fence} ${pattern} ${fence} with ${fence} ${rewrite} ${fence} in js`;
        expect(readGoal(goal)).toEqual({ kind: 'replace', pattern, rewrite, language: 'js' });
      }),
    );
  });
});

describe('a prompt', () => {
  const rest = [
    'Task: lib-2',
    'Title: Replace',
    'Instructions: one\n\ntwo',
    'Paths:\n- lib/**\n- a b.js',
    "Checks:\n- npm test\n- sh -c '\nexit 1'",
    'Content of AGENTS.md in the repository:\n<<<\nPaths:\n- all/**\n>>>',
  ];
  const prompt = (goal: string): string => [`Goal: ${goal}`, ...rest].join('\n\n');

  test('has its parts, and nothing of what AGENTS.md says', () => {
    expect(readPrompt(prompt('replace `a` with `b`'))).toEqual({
      goal: 'replace `a` with `b`',
      task: 'lib-2',
      title: 'Replace',
      instructions: 'one\n\ntwo',
      paths: ['lib/**', 'a b.js'],
      checks: ['npm test', "sh -c '\nexit 1'"],
    });
  });

  test('may have blank lines in its goal if a task follows', () => {
    expect(readPrompt(prompt('replace `a\n\nb` with `c`'))?.goal).toBe('replace `a\n\nb` with `c`');
  });

  test('ends its goal at a blank line if no task follows', () => {
    expect(readPrompt('Hello\nGoal: replace `a`\nwith `b`\n\nmore')?.goal).toBe('replace `a`\nwith `b`');
  });

  test('reads no checks out of "(none)"', () => {
    expect(readPrompt('Goal: x\n\nTask: t\n\nPaths:\n- **\n\nChecks:\n- (none)')).toMatchObject({
      paths: ['**'],
      checks: [],
    });
  });

  test('is not read without a goal', () => {
    expect(readPrompt('Write me a poem')).toBeUndefined();
  });
});

test.each([
  ['skip lib/old/', ['lib/old']],
  ['Skip `a.js`, ./b/**, *.min.js', ['a.js', 'b/**', '*.min.js']],
  ['Steer from ann, a supervisor: skip a.js', ['a.js']],
  ['be careful\nskip a.js', ['a.js']],
  ['skip the tests please', []],
  ['do not skip', []],
])('%j skips %j', (text, paths) => {
  expect(readSkips(text)).toEqual(paths);
});

test('a quoted word reaches a program unchanged', async () => {
  const words = ['', 'a', "it's", '$HOME `id` $(id)', '-n', 'a\nb', '\\', '"', '*', '~', '!x', 'é', "'''"];
  const { stdout } = await execa('/bin/sh', ['-c', `printf '%s\\0' ${words.map(quote).join(' ')}`]);
  expect(stdout.split('\0').slice(0, -1)).toEqual(words);
});
