/** `.gitignore` rules, compared with git itself on random patterns and paths. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openBudget } from '../../src/core/step-budget.ts';
import { isIgnored, parseGitignore } from '../../src/sandbox/files/gitignore.ts';
import { git, temporaryFolder } from './sandbox-host.ts';
import { sweep } from '../sweep.ts';

/** The paths that git ignores in a repository with this `.gitignore` at its root. The paths need not exist. */
function askGit(folder: string, gitignore: string, paths: readonly string[]): Set<string> {
  writeFileSync(join(folder, '.gitignore'), Buffer.from(gitignore, 'latin1'));
  try {
    const out = execFileSync('git', ['check-ignore', '-z', '--stdin', '--no-index'], {
      cwd: folder,
      env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', PATH: '/usr/bin:/bin' },
      input: paths.map((path) => `${path}\0`).join(''),
    });
    return new Set(out.toString().split('\0'));
  } catch (error) {
    if ((error as { status?: number }).status === 1) return new Set();
    throw error;
  }
}

/** Whether our code ignores a path, also below an ignored folder, as the walk does. */
function askOurs(gitignore: string, path: string): boolean {
  const files = [parseGitignore(gitignore, '')];
  const parts = path.split('/');
  return parts.some((_, index) => isIgnored(files, parts.slice(0, index + 1).join('/'), index < parts.length - 1));
}

const patternPart = fc.constantFrom(
  'a',
  'b',
  'ab',
  '*',
  '?',
  '**',
  '/',
  '[ab]',
  '[!a]',
  '[a-c]',
  '\\a',
  '.',
  'a*',
  '*b',
  '[[:alpha:]]',
  '[]a]',
  '[',
  '\\',
  ' ',
  'c',
);
const pattern = fc
  .tuple(
    fc.constantFrom('', '', '!', '/', '#', '\\!'),
    fc.array(patternPart, { minLength: 1, maxLength: 6 }),
    fc.constantFrom('', '', '/', ' ', '\r', '/**'),
  )
  .map(([start, parts, end]) => start + parts.join('') + end);
const pathPart = fc.constantFrom('a', 'b', 'ab', 'abc', 'c', 'a.b', '!a', '#a', 'ba', 'a b');
const path = fc.array(pathPart, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

test('ignores exactly what git ignores, for random patterns and paths', () => {
  const folder = temporaryFolder();
  git(folder, ['init', '--quiet']);
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 4 }),
      fc.array(path, { minLength: 5, maxLength: 20 }),
      (patterns, paths) => {
        const gitignore = patterns.join('\n');
        const wanted = askGit(folder, gitignore, paths);
        expect({ gitignore, ignored: paths.filter((one) => askOurs(gitignore, one)) }).toEqual({
          gitignore,
          ignored: paths.filter((one) => wanted.has(one)),
        });
      },
    ),
    { numRuns: sweep(300, 3000) },
  );
});

test('takes bounded time on a pattern made to backtrack', () => {
  const files = [parseGitignore(`${'*a'.repeat(2000)}b\n**/${'*a/**/'.repeat(300)}b`, '')];
  expect(isIgnored(files, 'a'.repeat(4000), false)).toBe(false);
  expect(isIgnored(files, 'a/'.repeat(1500), true)).toBe(false);
});

test('an unknown character class matches nothing, whatever its name', () => {
  for (const name of ['constructor', 'valueof', 'nothing'])
    expect(isIgnored([parseGitignore(`[[:${name}:]]\n`, '')], 'a', false)).toBe(false);
});

test('twice as many lines, or lines twice as long, take twice the steps', () => {
  const stepsOf = (text: string, name: string): number => {
    const budget = openBudget(Number.POSITIVE_INFINITY);
    isIgnored([parseGitignore(text, '', budget)], name, false, budget);
    return budget.taken;
  };
  for (const line of ['*x\n', '[a-z]*y\n', '**/a*/b\n', '[abc]'.repeat(9)]) {
    const [one, two] = [100, 200].map((times) => stepsOf(line.repeat(times), 'a'.repeat(200))) as [number, number];
    expect(two / one).toBeGreaterThan(1);
    expect(two / one).toBeLessThan(2.1);
  }
});

test('a pattern with a slash is read from the folder of its file, and the innermost file wins', () => {
  const files = [parseGitignore('*.log\n/build\n', ''), parseGitignore('!keep.log\n/build\n', 'sub/')];
  expect(isIgnored(files, 'sub/other.log', false)).toBe(true);
  expect(isIgnored(files, 'sub/keep.log', false)).toBe(false);
  expect(isIgnored(files, 'sub/build', false)).toBe(true);
  expect(isIgnored(files, 'sub/deep/build', false)).toBe(false);
});
