import { expect, test } from 'vitest';
import { viewRefactor } from '../../src/core/views/status.ts';
import { planOf } from '../core/builders.ts';
import { World } from '../core/world.ts';

/** Three tasks at the same time, each of which names more tokens than the whole budget has. */
function begin(tokens: number, callsPerTask: number): World {
  const usage = () => ({ inputTokens: 1000, cachedTokens: 0, outputTokens: 9000, costUsd: null });
  const plan = planOf({ id: 'a' }, { id: 'b' }, { id: 'c' });
  const run = new World(
    { plan, random: () => 0.5, callsPerTask, usage, sharesTokens: true },
    { policy: { budget: { tokens } } },
  );
  run.settle();
  run.send('approve', { decision: 'plan@1' });
  return run;
}

test('tasks that name more tokens than the budget has work side by side', () => {
  const run = begin(400_000, 2);
  for (let step = 0; step < 6; step++) run.stepRefactor();
  expect(run.refactor.tasks.map(({ status }) => status)).toEqual(['working', 'working', 'working']);
});

test('an agent whose share is used up gets more without a person, while its task and the budget have some', () => {
  const run = begin(700_000, 12);
  run.settle();
  expect(viewRefactor(run.refactor).needs.map(({ id }) => id)).toEqual(['delivery@1']);
  expect([...run.agents.values()].map(({ id, maxTokens, spend }) => [id, spend.outputTokens <= maxTokens])).toEqual([
    ['r/plan.1', true],
    ['r/a.1', true],
    ['r/b.1', true],
    ['r/c.1', true],
  ]);
  const raised = run.refactor.agents.filter(({ first = 0, granted = 0 }) => granted > first).map(({ task }) => task);
  expect(raised.length).toBeGreaterThan(0);
});

test('where nothing is left a person is asked, and sees who has the tokens', () => {
  const run = begin(90_000, 9);
  run.settle();
  expect(viewRefactor(run.refactor)).toMatchObject({
    tokens: 'r/a.1 has 25000, r/b.1 has 25000, r/c.1 has 30000, 0 tokens are left',
    needs: [{ id: 'a/budget@1' }, { id: 'b/budget@1' }, { id: 'c/budget@1' }],
  });
});
