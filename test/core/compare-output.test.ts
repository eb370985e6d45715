import { expect, test } from 'vitest';
import { compareRuns } from '../../src/core/compare-output.ts';

const runs = (...outputs: string[]): { exitCodes: number[]; outputs: string[] } => ({
  exitCodes: outputs.map(() => 1),
  outputs,
});
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

test('what only one of two runs says is noise', () => {
  const [one = ''] = BASE.outputs;
  expect(compareRuns(BASE, runs(`seed 17\n${one}`, `seed 18\n${one}`))).toMatchObject({ isSame: true, fresh: [] });
});
