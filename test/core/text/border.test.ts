import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeForPeople } from '../../../src/core/text/escape.ts';
import type { StartInput } from '../../../src/core/decisions/messages.ts';
import { readMessage } from '../../../src/core/decisions/messages.ts';
import { findPlanTextProblems, findStartProblems } from '../../../src/core/decisions/border.ts';
import {
  branchFor,
  checkNewBranch,
  checkRefName,
  findInTheWay,
  formerBranchFor,
} from '../../../src/core/branch-name.ts';
import { harmless } from '../../../src/core/text/harmless.ts';
import { asBlock, asLine } from '../../../src/core/text/lines.ts';
import { findNameProblem } from '../../../src/core/text/names.ts';
import { planOf } from '../builders.ts';
import { World } from '../world.ts';

const START: StartInput = { repository: '/r', goal: 'g', checks: [] };

describe('names', () => {
  test.each([
    ['fe\u0430ture', 'mixes letters of Latin and Cyrillic'],
    ['\u03bfrg', 'mixes letters of Latin and Greek'],
    ['main\u200b', "a character that people can't see (\\u{200b})"],
    ['main\u3164', "can't see"],
    ['a\u202eb', "can't see"],
    ['a\nCoxswain-Approved-By: ann', 'has a line break'],
    ['a\u2028b', "can't see"],
    ['ｍain', 'write "main"'],
    ['e\u0301te', 'write "été"'.replace('été', 'éte')],
    ['a\u00a0b', 'a blank that is not a plain space'],
    ['a\u2800b', 'a blank that is not a plain space'],
    [' ann', 'begins or ends with a space'],
    ['a\ud800', "can't see"],
  ])('%j is refused: it %s', (name, words) => {
    expect(findNameProblem(name)).toContain(words);
  });

  test.each([
    'main',
    'coxswain/r-1',
    'Ann Иванова',
    'Иван',
    'Σοφία',
    '山田 taro',
    'naïve',
    'feature/имя',
    'o\u2019neil',
    'nightly-2026-11-27T00:00:00Z',
  ])('%j is a name', (name) => {
    expect(findNameProblem(name)).toBeUndefined();
  });

  test('each field of a start that names or is run is judged, and the goal is only made harmless', () => {
    const input = {
      ...START,
      branch: 'm\u0430in',
      team: 'a\u200b',
      requestedBy: 'x\ny',
      setup: 'a\u202eb',
      checks: ['ok', 'b\u200b'],
    };
    expect(findStartProblems('r\nx', { ...input, goal: 'g\u202e' })).toEqual([
      'the workflow id has a line break or a tab: a name is one line',
      'branch mixes letters of Latin and Cyrillic in a word, which look alike: write it in one script',
      "team has a character that people can't see (\\u{200b}): leave it out",
      'requestedBy has a line break or a tab: a name is one line',
      "setup has a character that people can't see (\\u{202e}): leave it out",
      "checks.1 has a character that people can't see (\\u{200b}): leave it out",
    ]);
    expect(findStartProblems('r', START)).toEqual([]);
  });

  test("a plan's paths, checks and titles are refused where they hide something, with the task named", () => {
    const [task] = planOf({ id: 'a' }).tasks;
    if (!task) throw new Error('no task');
    const hidden = { ...task, title: 'a\nb', paths: ['src/\u200b**'], checks: ['true\u202e'] };
    expect(findPlanTextProblems({ summary: 's', tasks: [hidden] })).toEqual([
      'task "a": title has a line break: say the rest in its instructions',
      'task "a": path "src/\u200b**" has a character that people can\'t see (\\u{200b}): leave it out',
      'task "a": check has a character that people can\'t see (\\u{202e}): leave it out',
    ]);
  });
});

describe('words', () => {
  test('are harmless after one pass, and nothing of them is lost', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const once = harmless(value);
        expect(harmless(once)).toEqual(once);
        expect(escapeForPeople(JSON.stringify(once))).toBe(JSON.stringify(once));
      }),
    );
    expect(harmless({ a: ['x\r\ny\u202e', 1, null], 'k\u200b': true })).toEqual({
      a: ['x\ny\\u{202e}', 1, null],
      'k\\u{200b}': true,
    });
  });

  test('are one line, or marked line by line, so that none begins a line of ours', () => {
    expect(asLine(' a\n  evidence green\r\nb\tc\u2028d ')).toBe('a ⏎ evidence green ⏎ b c ⏎ d');
    expect(asBlock('a\nevidence   green\n')).toBe('  | a\n  | evidence   green\n  | ');
  });

  test('of a message are harmless in the state that it leaves, and a name that could be another is a refused receipt', () => {
    const run = new World({ plan: planOf({ id: 'a' }), random: () => 0.5, callsPerTask: 1, checks: [] });
    run.refactor = { ...run.refactor, control: { ...run.refactor.control, border: true } };
    run.settle();
    run.send('steer', { text: 'go\u202e on', by: 'ann' });
    expect(run.refactor.steering).toMatchObject([{ text: 'go\\u{202e} on' }]);
    const answer = run.send('approve', { decision: 'plan@1', by: '\u0430nn' });
    expect(answer).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('by mixes letters of Latin and Cyrillic'),
    });
    expect(run.refactor.control.receipts.at(-1)).toMatchObject({ state: 'refused', by: 'unknown' });
    expect(run.send('approve', { decision: 'plan@1', by: 'ann' })).toMatchObject({ kind: 'applied' });
  });

  test('of an older run are kept as they came', () => {
    const run = new World({ plan: planOf({ id: 'a' }), random: () => 0.5, callsPerTask: 1, checks: [] });
    run.settle();
    run.send('steer', { text: 'go\u202e on', by: '\u0430nn' });
    expect(run.refactor.steering).toMatchObject([{ text: 'go\u202e on', by: '\u0430nn' }]);
    expect(readMessage('steer', ['a\u202e'])).toMatchObject({ message: { text: 'a\u202e' } });
  });
});

describe('the branch of a workflow id', () => {
  const LONG = 'nightly-dependency-updates-of-the-payments-service-and-its-friends-workflow';

  test('is the id where that can be read from it, else a readable part and a digest', () => {
    expect(branchFor('rename-things.1')).toBe('coxswain/rename-things.1');
    expect(branchFor('')).toMatch(/^coxswain\/refactor-[0-9a-f]{16}$/);
    expect(branchFor(`${LONG}-2026-11-27T00:00:00Z`)).toMatch(
      /^coxswain\/nightly-dependency-updates-of-th-[a-z-]*2026-11-27t00-00-00z-[0-9a-f]{16}$/,
    );
  });

  test("is no other id's: of a Schedule, in another case, with other signs, cut, or made to look like one that was cut", () => {
    const ids = [
      `${LONG}-2026-11-27T00:00:00Z`,
      `${LONG}-2026-11-28T00:00:00Z`,
      'a/b',
      'a-b',
      'A-b',
      'a b',
      'a.',
      'a',
      'a..b',
      'a.b',
      'é',
      'ü',
      '',
      'x.lock',
      'x.LOCK',
    ];
    const forged = ids.map((id) => branchFor(id).slice('coxswain/'.length));
    const all = [...new Set([...ids, ...forged])];
    expect(new Set(all.map(branchFor)).size).toBe(all.length);
  });

  test('is a branch that git takes, whatever the id', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: fc.constantFrom('a', '.', '-', '/', 'Z', ' ', '@', '{', '~', '.lock') }),
        ),
        (id) => {
          expect(checkRefName(branchFor(id)), branchFor(id)).toBeUndefined();
        },
      ),
    );
    expect(checkRefName(branchFor(`${'a'.repeat(59)}.b`))).toBeUndefined();
    expect(checkRefName(branchFor(`${'a'.repeat(31)}.${'b'.repeat(60)}`))).toBeUndefined();
  });

  test('stays the same for older runs', () => {
    expect(formerBranchFor('Rename Things')).toBe('coxswain/rename-things');
  });
});

test('a branch that is to be made has parts that git can keep as files, and lock', () => {
  for (const name of ['漢'.repeat(83), `${'d'.repeat(255)}/${'a'.repeat(250)}`, 'a/b'])
    expect(checkNewBranch(name)).toBeUndefined();
  expect(checkNewBranch('漢'.repeat(84))).toContain('has a part of 252 bytes, which git keeps as a file');
  expect(checkNewBranch('a'.repeat(251))).toContain('at most 250 can be made');
  expect(checkNewBranch(`${'d'.repeat(256)}/a`)).toContain(
    "has a part of 256 bytes, which git keeps as a file's name: at most 255",
  );
  expect(checkNewBranch('ab/'.repeat(700) + 'c')).toContain('has 2101 bytes');
  expect(checkNewBranch('--force')).toContain('starts with "-"');
});

test('a branch is in the way of another as git and file systems that ignore case see it', () => {
  const inTheWay = (branch: string, ...there: string[]): boolean => findInTheWay(branch, there) !== undefined;
  expect(inTheWay('a/b', 'a')).toBe(true);
  expect(inTheWay('a', 'a/b')).toBe(true);
  expect(inTheWay('a/b', 'A')).toBe(true);
  expect(inTheWay('A', 'a/b')).toBe(true);
  expect(inTheWay('a', 'A')).toBe(true);
  expect(inTheWay('a', 'a', 'b', 'ab', 'b/a', 'a-b')).toBe(false);
  expect(inTheWay('a/b', 'a/c', 'a-b', 'a/bc', 'a/b')).toBe(false);
});
