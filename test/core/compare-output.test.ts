import { expect, test } from 'vitest';
import { compareRuns } from '../../src/core/compare-output.ts';

const runs = (...outputs: string[]): { exitCodes: number[]; outputs: string[] } => ({
  exitCodes: outputs.map(() => 1),
  outputs,
});
type Both = [ReturnType<typeof runs>, ReturnType<typeof runs>];
const redTwice = (base: string[], now: string[]): Both => {
  const [before, after] = [base.join('\n'), now.join('\n')];
  return [runs(before, before), runs(after, after)];
};
const BASE = runs(
  'collected 20 items\nFAILED tests/test_a.py::test_old - assert 1 == 2\n  File "a.py", line 12\n1 failed, 19 passed in 0.52s\n',
  'collected 20 items\nFAILED tests/test_a.py::test_old - assert 1 == 2\n  File "a.py", line 12\n1 failed, 19 passed in 0.61s\n',
);

test.each([
  [
    'the same words, faster',
    'collected 20 items\nFAILED tests/test_a.py::test_old - assert 1 == 2\n  File "a.py", line 12\n1 failed, 19 passed in 3s',
  ],
  [
    'lines that have moved',
    'collected 20 items\nFAILED tests/test_a.py::test_old - assert 1 == 2\n  File "a.py", line 99\n1 failed, 19 passed in 3s',
  ],
])('is red in the same way: %s', (_, output) => {
  expect(compareRuns(BASE, runs(output, output))).toMatchObject({ isSame: true, fresh: [] });
});

test.each([
  [
    'one more failure',
    'collected 20 items\nFAILED tests/test_a.py::test_old - assert 1 == 2\nFAILED tests/test_b.py::test_new - boom\n2 failed, 18 passed in 3s',
    ['FAILED tests/test_b.py::test_new - boom', '2 failed, 18 passed in 3s'],
  ],
  [
    'a test that is gone',
    'collected 19 items\nFAILED tests/test_a.py::test_old - assert 1 == 2\n1 failed, 18 passed in 3s',
    ['1 failed, 18 passed in 3s'],
  ],
  ['another cause', 'ImportError: no module named a', ['ImportError: no module named a']],
  ['an end before the end', 'collected 20 items', []],
  ['silence', '', []],
])('is red in another way: %s', (_, output, fresh) => {
  const found = compareRuns(BASE, runs(output, output));
  expect(found.isSame).toBe(false);
  expect(found.fresh).toEqual(expect.arrayContaining(fresh));
});

test('another exit status is another way', () => {
  const [output = ''] = BASE.outputs;
  expect(compareRuns(BASE, { exitCodes: [139, 139], outputs: [output, output] }).isSame).toBe(false);
});

test('a count of problems may fall, and not rise', () => {
  const lint = runs(
    'a.js\n  1:2  error  no-var\n✖ 22 problems (22 errors)',
    'a.js\n  1:2  error  no-var\n✖ 22 problems (22 errors)',
  );
  const now = (count: number): string => `a.js\n  1:2  error  no-var\n✖ ${count} problems (${count} errors)`;
  expect(compareRuns(lint, runs(now(18), now(18)))).toMatchObject({ isSame: true, fresh: [] });
  expect(compareRuns(lint, runs(now(23), now(23)))).toMatchObject({
    isSame: false,
    fresh: ['✖ 23 problems (23 errors)'],
  });
});

test.each([
  ['a coverage', ['Coverage for lines (80.1%) does not meet 90%'], ['Coverage for lines (2.1%) does not meet 90%']],
  ['a share of errors', ['9 errors (80%)'], ['9 errors (2%)']],
  ['another case', ['FAIL case 7'], ['FAIL case 3']],
  ['another case, before its verb', ['case 7 failed'], ['case 3 failed']],
  ['another value', ['expected 5 to equal 7'], ['expected 3 to equal 7']],
  ['another value of a count', ['expected 5 errors, got 2'], ['expected 3 errors, got 2']],
  ['another answer', ['returned 500'], ['returned 404']],
  ['another exit beside a count', ['2 errors, exit 9'], ['2 errors, exit 1']],
  ['another column', ['3:5 error no-var'], ['3:4 error no-var']],
])('a number that counts nothing bad is another way: %s', (_, base, now) => {
  expect(compareRuns(...redTwice(base, now))).toMatchObject({ isSame: false, fresh: now });
});

test.each([
  ['go', './a.go:10:5: undefined: foo', './a.go:3:5: undefined: foo'],
  ['tsc', 'src/a.ts(10,5): error TS2304: no name x', 'src/a.ts(3,5): error TS2304: no name x'],
  ['a count', '3 errors', '2 errors'],
])('a further line of the same words is another way, one that moved is not: %s', (_, line, other) => {
  expect(compareRuns(...redTwice([line, 'end'], [other, 'end']))).toMatchObject({ isSame: true, fresh: [] });
  const found = compareRuns(...redTwice([line, 'end'], [other, line, other, 'end']));
  expect(found).toMatchObject({ isSame: false, old: 2 });
  expect(found.fresh).toHaveLength(2);
});

test.each([
  ['Found 22 errors in 3 files.', 'Found 4 errors in 2 files.'],
  ['7 files inspected, 3 offenses detected', '7 files inspected, 2 offenses detected'],
  ['3 failing', '1 failing'],
  ['5 errors and 2 warnings', '5 errors and 0 warnings'],
])('counts of what is bad may fall: %s', (base, now) => {
  expect(compareRuns(...redTwice([base], [now]))).toMatchObject({ isSame: true, fresh: [] });
});

test('a check that says nothing is never red in the same way', () => {
  expect(compareRuns(...redTwice([], [])).isSame).toBe(false);
  expect(compareRuns(...redTwice(['boom'], [])).isSame).toBe(false);
  expect(compareRuns(...redTwice([], ['boom'])).isSame).toBe(false);
});

test('what only one of two runs says is noise', () => {
  const [one = ''] = BASE.outputs;
  expect(compareRuns(BASE, runs(`seed 17\n${one}`, `seed 18\n${one}`))).toMatchObject({ isSame: true, fresh: [] });
});
