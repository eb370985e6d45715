/** Patterns of paths mean what people know them to mean, none of them is slow, and what can't be read is refused. */
import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, test } from 'vitest';
import { checkPatterns } from '../../src/core/commands/check-examples.ts';
import { openBudget } from '../../src/core/step-budget.ts';
import { findPatternProblem, matchesGlobOf, readPattern } from '../../src/core/path-patterns.ts';
import {
  canOverlap,
  describeBroken,
  findProtecting,
  isInPaths,
  isProtected,
  mayChange,
  summarisePaths,
} from '../../src/core/paths.ts';
import { checkPlan } from '../../src/core/plan.ts';

const USUAL = [
  '*',
  '**',
  '?',
  '*.ts',
  'a*',
  '*a',
  'a*b',
  '[ab]',
  '[a-c]x',
  '{a,b}',
  '{a,b}.ts',
  'x.{ts,js}',
  '{a,{b,c}}',
  '.*',
  'a?',
  '?*',
  '*.*',
  '{src,lib}',
  '[^b]*',
  '@a',
  'a+',
  '{a..c}',
  'x{,y}',
  'a',
  'b',
  '.a',
  'src',
  'x.ts',
  'ab',
];
const NAMES = [
  'a',
  'b',
  'c',
  'ab',
  '.a',
  '.b',
  'src',
  'lib',
  'x.ts',
  'x.js',
  'aab',
  'bx',
  'a.ts',
  'xy',
  'x',
  'ax',
  '@a',
];
const joined = (of: readonly string[], maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...of), { minLength: 1, maxLength }).map((parts) => parts.join('/'));

describe('patterns', () => {
  test('mean what they mean elsewhere', () => {
    fc.assert(
      fc.property(joined(USUAL, 4), joined(NAMES, 5), (pattern, path) => {
        const isNamed = path === pattern || path.startsWith(`${pattern}/`);
        expect(isInPaths(path, [pattern])).toBe(isNamed || picomatch.isMatch(path, pattern, { dot: true }));
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ['src/**', 'src/.hidden/a', true],
    ['**', '.github/workflows/x.yml', true],
    ['**/*.ts', '.a/b.ts', true],
    ['src/**', 'src', true],
    ['src/*/**', 'src/a', false],
    ['[!a]', 'b', true],
    ['[!a]', 'a', false],
    ['app/(shop)/**', 'app/(shop)/page.tsx', true],
    ['app/[id]/**', 'app/[id]/page.tsx', true],
    ['app/[...slug]/page.tsx', 'app/[...slug]/page.tsx', true],
    ['a[(]b|c)', 'a(b|c)', false],
    ['x[(]*', 'x(1).txt', true],
    [String.raw`a\*`, 'a*', true],
    [String.raw`a\*`, 'ab', false],
    ['[]a]', ']', true],
    ['[a', '[a', true],
    ['{a', '{a', true],
    ['./src/', 'src/x', true],
    ['.', 'x', true],
  ])('%s and %s: %s', (pattern, path, isMatch) => {
    expect(isInPaths(path, [pattern])).toBe(isMatch);
  });
});

const HOSTILE = [
  '(a+)+b',
  '+(a+(a+(a+(a))))',
  '?(a)?(a)?(a)',
  '@(a|b)',
  '!(a)',
  '*(a)',
  '([[:alpha:]]+)+0',
  '[[:alpha:]]',
  '!a',
  '(*)',
  '(a|b)',
  '*a'.repeat(251),
  `${'{a,b}'.repeat(20)}`,
  '{1..100000000}',
  '{aa..zz}',
];
/** Readable patterns with which other matchers never end. */
const SLOW_ELSEWHERE = [
  `${'*a'.repeat(200)}b`,
  `${'**/a/'.repeat(80)}b`,
  `${'**/*a*/'.repeat(60)}b`,
  `${'*?'.repeat(200)}b`,
  `${'[ab]*'.repeat(90)}c`,
  `*${'a'.repeat(400)}*b`,
];

describe('no pattern takes long to match', () => {
  test.each(HOSTILE)('%j is refused in a plan and in a policy, with the reason and the place', (pattern) => {
    const task = { id: 'a', title: 'A', instructions: 'Do', paths: ['src/**', pattern] };
    const check = checkPlan({ summary: 's', tasks: [task] });
    expect(check.kind).toBe('bad');
    const said = check.kind === 'bad' ? check.problems.join() : '';
    expect(said).toMatch(pattern.length > 500 ? /tasks\.0\.paths\.1: Too big/ : /^task "a": path ".*" (has|is) /);
    expect(checkPatterns({ protectedPaths: ['a', pattern] })).toEqual([
      { path: ['protectedPaths', 1], problem: expect.stringMatching(/^".*" (has|is) /) as string },
    ]);
  });

  test.each(HOSTILE)('%j, of an older run, allows nothing, protects everything, and is named', (pattern) => {
    expect([isInPaths('src/aaaaaaaaaaaaaaaaaaaaaaaaaaaa', [pattern]), isInPaths('src/b', [pattern, 'src/**'])]).toEqual(
      [false, true],
    );
    expect(isProtected('x', [pattern])).toBe(true);
    expect(findProtecting('x', ['src', pattern])).toBe(pattern);
    expect(findProtecting('src/x', ['lib', 'src'])).toBe('src');
    expect(describeBroken([pattern])).toContain(pattern.slice(0, 60));
    expect(describeBroken(['src/**'])).toBe('');
    // A file may have such a name, so the pattern still matches its own text.
    expect(isInPaths(pattern, [pattern])).toBe(true);
  });

  test.each(SLOW_ELSEWHERE)('%j is matched at once', (pattern) => {
    expect(findPatternProblem(pattern)).toBe(undefined);
    const paths = ['a'.repeat(250), 'a/'.repeat(125) + 'a', 'a'.repeat(3400), 'aaa/'.repeat(800)];
    expect(paths.filter((path) => isInPaths(path, [pattern]))).toEqual([]);
  });

  test('steps stay below the length of the path times that of the pattern', () => {
    const pieces = fc.constantFrom('*', '**', '?', 'a', 'b', '/', '[ab]', '[!a]', '{a,b}', '.', 'aa', '**/', '*a');
    const texts = fc.array(pieces, { minLength: 1, maxLength: 60 }).map((parts) => parts.join(''));
    const paths = fc
      .array(fc.constantFrom('a', 'b', '/', 'aa', '.'), { maxLength: 300 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, paths, (pattern, path) => {
        const read = readPattern(pattern);
        if (read.kind === 'bad') return;
        const budget = openBudget(Number.MAX_SAFE_INTEGER);
        for (const glob of read.globs) matchesGlobOf(path.split('/'), glob, budget);
        expect(budget.taken).toBeLessThanOrEqual(4 * read.globs.length * (pattern.length + 2) * (path.length + 2));
      }),
    );
  });

  test('ten thousand paths against five hundred patterns take a moment, whatever patterns and paths they are', () => {
    const lists = [
      Array.from({ length: 500 }, (_, at) => `**/${'*a'.repeat(200)}b${at}*`),
      Array.from({ length: 500 }, (_, at) => `packages/p${at}/src/**/*.{ts,tsx}`),
      Array.from({ length: 500 }, (_, at) => `**/*a*/**/*b*${at}`),
      Array.from({ length: 500 }, (_, at) => `${'*a'.repeat(200)}${at}`),
    ];
    const paths = Array.from(
      { length: 10_000 },
      (_, at) => `packages/q${at % 70}/src/${'ab'.repeat(at % 100)}/file-${at}.ts`,
    );
    for (const list of lists) expect(paths.filter((path) => isInPaths(path, list))).toEqual([]);
  });

  test('what takes too many steps is not allowed, and is protected', () => {
    const list = Array.from({ length: 500 }, (_, at) => `**/${'*a'.repeat(200)}b${at}*`);
    const path = `${'a'.repeat(250)}/`.repeat(12).slice(0, -1);
    expect([isInPaths(path, list), isProtected(path, list)]).toEqual([false, true]);
  });
});

describe('tasks at the same time', () => {
  test.each([
    [['src/a.ts'], ['src/b.ts'], false],
    [['src/a.ts'], ['src/*.js'], false],
    [['src/a.ts'], ['src/*.ts'], true],
    [['src'], ['src/a/*.ts'], true],
    [['src/a/**'], ['src/b/**'], false],
    [['src/**'], ['src/b/**'], true],
    [['**/*.ts'], ['lib/a.js'], false],
    [['**/*.ts'], ['lib/**'], true],
    [['.'], ['x/y'], true],
    [['src/+(a)'], ['src/b'], true],
    [['src/+(a)'], ['lib/b'], false],
  ])('%j and %j overlap: %s', (one, other, overlaps) => {
    expect([canOverlap(one, other), canOverlap(other, one)]).toEqual([overlaps, overlaps]);
  });

  test('two hundred tasks of five hundred patterns each are compared in a moment', () => {
    const tasks = Array.from({ length: 200 }, (_, task) =>
      Array.from({ length: 500 }, (_, at) => (at % 2 ? `src/t${task}/f${at}.ts` : `src/t${task}/**/*a*${at}/*.ts`)),
    );
    const [first = []] = tasks;
    expect(tasks.slice(1).filter((other) => canOverlap(first, other))).toEqual([]);
  });
});

test('a folder whose name looks like a pattern is summarised by its name', () => {
  const paths = Array.from({ length: 30 }, (_, at) => `a+(b)/${at}`);
  expect(summarisePaths([...paths, 'src/x'], 20)).toEqual(['a+(b)', 'src/**']);
  expect(paths.every((path) => isInPaths(path, ['a+(b)']))).toBe(true);
});

test('a task may change what is in its paths and not protected, and whatever people allowed', () => {
  const rule = { paths: ['src/**', 'ci/**'], barred: ['ci/**', 'secrets/**'], allowed: ['ci/lint.yml', 'docs/**'] };
  const may = ['src/a.ts', 'ci/lint.yml', 'docs/a.md'];
  const mayNot = ['ci/deploy.yml', 'secrets/key', 'README.md'];
  expect([...may, ...mayNot].filter((path) => mayChange(path, rule))).toEqual(may);
});
