import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkPlan } from '../../src/core/plan.ts';

const task = (id: string, change: object = {}): object => ({
  id,
  title: id,
  instructions: 'x',
  paths: [`${id}/**`],
  ...change,
});
const problems = (...tasks: object[]): string[] => {
  const check = checkPlan({ summary: 's', tasks });
  return check.kind === 'bad' ? check.problems : [];
};

describe('a plan that cannot be worked is refused with the task and the reason', () => {
  test.each([
    ['no task', [], 'tasks: a plan needs at least one task'],
    ['a duplicate', [task('a'), task('a')], 'task "a" appears twice: give each task an id of its own'],
    [
      'a cycle',
      [task('a', { dependsOn: ['b'] }), task('b', { dependsOn: ['a'] })],
      'tasks depend on each other in a circle: a → b → a',
    ],
    ['itself', [task('a', { dependsOn: ['a'] })], 'task "a" depends on itself'],
    ['a stranger', [task('a', { dependsOn: ['z'] })], 'task "a" depends on "z", which is not in the plan'],
    [
      'an absolute path',
      [task('a', { paths: ['/etc/**'] })],
      'task "a": path "/etc/**" is absolute: paths are relative to the root of the repository',
    ],
    ['a way out', [task('a', { paths: ['../x'] })], 'task "a": path "../x" leaves the repository by ".."'],
    [
      "git's folder",
      [task('a', { paths: ['x/.git/config'] })],
      'task "a": path "x/.git/config" names git\'s own folder',
    ],
    ["the planner's id", [task('plan')], 'task "plan": this id is reserved for the planner, choose another'],
  ])('%s', (_name, tasks, problem) => {
    expect(problems(...tasks)).toEqual([problem]);
  });

  test('an unknown field is named', () => {
    expect(problems(task('a', { colour: 1 }))).toEqual([expect.stringContaining('colour')]);
  });
});

test('patterns that braces make many of are counted over the whole plan, and not all of them are read', () => {
  const paths = Array.from({ length: 500 }, (_, index) => `${'{a,b}'.repeat(6)}${index}x`);
  const tasks = Array.from({ length: 40 }, (_, index) => task(`t${index}`, { paths }));
  expect(problems(...tasks)).toEqual([
    'the paths of all tasks mean more than 20000 patterns, counting braces: name folders instead',
  ]);
  const plain = Array.from({ length: 30 }, (_, index) =>
    task(`t${index}`, { paths: paths.map((_p, at) => `${at}/**`) }),
  );
  expect(problems(...plain)).toEqual([]);
});

test('a plan without circles always passes, whatever the order of its tasks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 20 }),
      fc.integer(),
      (edges, shift) => {
        const tasks = edges.map((targets, index) =>
          task(`t${index}`, { dependsOn: targets.filter((target) => target < index).map((target) => `t${target}`) }),
        );
        const turn = Math.abs(shift) % tasks.length;
        expect(checkPlan({ summary: 's', tasks: [...tasks.slice(turn), ...tasks.slice(0, turn)] }).kind).toBe('ok');
      },
    ),
  );
});
