/** Which agents a steer reaches, and what its receipt says. */
import { expect, test } from 'vitest';
import { viewRefactor } from '../../../src/core/views/status.ts';
import { threeTasks } from './three-tasks.ts';

test('a steer before any agent works reaches the first one, and its receipt says so', () => {
  const run = threeTasks();
  run.send('steer', { text: 'gently', by: 'ann' });
  run.settle();
  const delivered = { verb: 'steer', by: 'ann', state: 'delivered' };
  expect(run.agents.get('r/plan.1')?.control.receipts).toMatchObject([delivered]);
  expect(run.refactor.control.receipts).toMatchObject([delivered]);
});

test('a steer that no agent came to take is said to be superseded at the end', () => {
  const run = threeTasks();
  run.settle();
  run.send('approve');
  while (!viewRefactor(run.refactor).needs.some(({ kind }) => kind === 'delivery')) {
    run.settle();
    for (const { id, kind } of viewRefactor(run.refactor).needs) if (kind !== 'delivery') run.send('approve', id);
  }
  // Older runs accepted steers at this gate.
  const { rejectsForChanges: _, ...former } = run.refactor;
  run.refactor = former;
  run.send('steer', { text: 'too late', by: 'ann' });
  run.send('approve');
  run.settle();
  expect(run.done).toBe('done');
  expect(viewRefactor(run.refactor).receipts).toContainEqual(
    expect.objectContaining({ verb: 'steer', state: 'superseded' }),
  );
});

test('a steer that an agent has, but ends before it can read, is said to be superseded', () => {
  const run = threeTasks();
  run.settle();
  run.send('approve');
  while (!run.agents.has('r/a.1')) run.stepRefactor();
  const told = (): unknown => viewRefactor(run.refactor).receipts.find(({ verb }) => verb === 'steer');
  run.send('steer', { text: 'x', to: 'a' });
  for (let move = 0; move < 6; move++) run.stepRefactor();
  run.stepAgent('r/a.1');
  run.sendTo('r/a.1', 'stop');
  while (run.stepAgent('r/a.1'));
  expect(told()).toMatchObject({ state: 'superseded' });
});

test('a steer passed on to an agent that has just ended is said to be superseded', () => {
  const run = threeTasks();
  run.settle();
  run.send('approve');
  while (!run.agents.has('r/a.1')) run.stepRefactor();
  run.send('steer', { text: 'x', to: 'a' });
  run.ended.add('r/a.1');
  while (run.stepRefactor());
  run.send('stop');
  const told = viewRefactor(run.refactor).receipts.find(({ verb }) => verb === 'steer');
  expect(told).toMatchObject({ state: 'superseded' });
});

test('a steer that names no task reaches each agent that starts after it, once; one that names a task that task', () => {
  const run = threeTasks();
  run.settle();
  const detail = 'no agent works now: each one that starts gets it';
  expect(run.send('steer', { text: 'x', id: 'x' })).toMatchObject({ kind: 'applied', detail });
  run.send('approve');
  run.send('steer', { text: 'z', id: 'z', to: 'b' });
  while (!run.agents.has('r/a.1')) run.stepRefactor();
  const told = viewRefactor(run.refactor).receipts.find(({ id }) => id === 'x');
  expect(told).toMatchObject({ state: 'forwarded', detail: 'passed on to a; agents that start later get it too' });
  run.send('steer', { text: 'y', id: 'y' });
  run.settle();
  const heard = (agent: string): string[] =>
    (run.agents.get(agent)?.control.receipts ?? []).flatMap(({ id, verb }) => (verb === 'steer' ? [id] : []));
  expect(['r/a.1', 'r/b.1', 'r/c.1'].map(heard)).toEqual([
    ['x', 'y'],
    ['x', 'y', 'z'],
    ['x', 'y'],
  ]);
  run.send('approve', { decision: 'delivery@1' });
  run.settle();
  expect(run.done).toBe('done');
  expect(run.refactor.standingSteers).toEqual([]);
});

test('in an older run, a steer that waits for an agent reaches one alone, and its receipt says so', () => {
  const run = threeTasks();
  run.settle();
  const { standingSteers: _, ...before } = run.refactor;
  run.refactor = before;
  const one = 'no agent works now: the next one that starts gets it, and no other';
  expect(run.send('steer', { text: 'x', id: 'x' })).toMatchObject({ kind: 'applied', detail: one });
  run.send('approve');
  const more = `${one}. To reach a certain task, say which ("to"): a, b, c`;
  expect(run.send('steer', { text: 'y', id: 'y' })).toMatchObject({ detail: more });
  run.send('steer', { text: 'z', id: 'z', to: 'b' });
  while (!run.agents.has('r/a.1')) run.stepRefactor();
  const told = viewRefactor(run.refactor).receipts.find(({ id }) => id === 'y');
  expect(told).toMatchObject({ state: 'forwarded', detail: 'passed on to a, and to no other' });
  run.settle();
  const heard = (id: string): string[] =>
    [...run.agents].flatMap(([agent, { control }]) =>
      control.receipts.some((receipt) => receipt.id === id) ? [agent] : [],
    );
  expect(['x', 'y', 'z'].map(heard)).toEqual([['r/a.1'], ['r/a.1'], ['r/b.1']]);
});
