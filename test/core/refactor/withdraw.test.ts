/** Steers that a person takes back or rewords before a model call has read them. */
import { describe, expect, test } from 'vitest';
import { viewRefactor } from '../../../src/core/views/status.ts';
import type { World } from '../world.ts';
import { threeTasks } from './three-tasks.ts';

const receiptOf = (run: World, id: string): unknown =>
  viewRefactor(run.refactor).receipts.find((receipt) => receipt.id === id);

/** Two agents at work, a and b, before their next model call; c waits for a. */
function twoAtWork(): World {
  const run = threeTasks();
  run.settle();
  run.send('approve');
  while (!run.agents.has('r/a.1') || !run.agents.has('r/b.1')) run.stepRefactor();
  return run;
}

const steersOf = (run: World, agent: string): string[] => (run.agents.get(agent)?.steers ?? []).map(({ text }) => text);

describe('a steer that waits in the refactor', () => {
  test('is taken back, and no agent gets it', () => {
    const run = threeTasks();
    run.settle();
    run.send('steer', { text: 'skip lib/**', id: 'early', by: 'ann' });
    run.send('steer', { text: 'keep comments', id: 'other', by: 'ann' });
    expect(run.send('withdraw', { steer: 'early', by: 'bob' })).toMatchObject({ kind: 'applied' });
    expect(receiptOf(run, 'early')).toMatchObject({ state: 'withdrawn', detail: 'taken back by bob' });
    run.send('approve');
    while (!run.agents.has('r/a.1')) run.stepRefactor();
    for (let move = 0; move < 6; move++) run.stepRefactor();
    expect(steersOf(run, 'r/a.1')).toEqual(['keep comments']);
    expect(run.refactor.steering.map(({ text }) => text)).toEqual(['keep comments']);
  });

  test('keeps its place when it is reworded', () => {
    const run = threeTasks();
    run.settle();
    run.send('steer', { text: 'frist', id: 'one' });
    run.send('steer', { text: 'second', id: 'two' });
    expect(run.send('edit', { steer: 'one', text: 'first', by: 'ann' })).toMatchObject({ kind: 'applied' });
    expect(receiptOf(run, 'one')).toMatchObject({ state: 'accepted', text: 'first' });
    run.send('approve');
    while (!run.agents.has('r/a.1')) run.stepRefactor();
    for (let move = 0; move < 6; move++) run.stepRefactor();
    expect(steersOf(run, 'r/a.1')).toEqual(['first', 'second']);
  });
});

describe('a steer that agents have', () => {
  test('is taken back where no model call has read it, and its receipt tells the agents apart', () => {
    const run = twoAtWork();
    run.send('steer', { text: 'x', id: 'x' });
    for (let move = 0; move < 6; move++) run.stepRefactor();
    while (run.agents.get('r/a.1')?.steers.length) run.stepAgent('r/a.1');
    while (run.agents.get('r/a.1')?.outbox.length) run.stepAgent('r/a.1');
    expect(steersOf(run, 'r/b.1')).toEqual(['x']);
    for (let move = 0; move < 6; move++) run.stepRefactor();
    expect(receiptOf(run, 'x')).toMatchObject({
      state: 'forwarded',
      detail: expect.stringMatching(/^a: delivered to model call \d+; passed on to b$/) as string,
    });
    expect(run.send('withdraw', 'x')).toMatchObject({ kind: 'forwarded', detail: 'passed on to: b' });
    run.settle();
    expect(receiptOf(run, 'x')).toMatchObject({
      state: 'delivered',
      detail: expect.stringMatching(/^a: delivered to model call \d+; b: taken back by unknown$/) as string,
    });
    const heard = (agent: string): unknown => run.agents.get(agent)?.control.receipts.find(({ id }) => id === 'x');
    expect(heard('r/b.1')).toMatchObject({ state: 'withdrawn' });
    // Its agent began after the steer was taken back.
    expect(heard('r/c.1')).toBeUndefined();
  });

  test('is not taken back while a model call reads it, nor afterwards, and the answer says which', () => {
    const run = twoAtWork();
    run.sendTo('r/a.1', 'steer', { text: 'x', id: 'long-id-1' });
    const agent = run.agents.get('r/a.1')!;
    run.agents.set('r/a.1', { ...agent, reading: ['long-id-1'] });
    expect(run.sendTo('r/a.1', 'withdraw', { steer: 'long-id' })).toMatchObject({
      kind: 'refused',
      detail: `model call ${agent.step} is reading it: send another steer, or rewind to the step before`,
    });
    run.agents.set('r/a.1', { ...run.agents.get('r/a.1')!, reading: [] });
    while (run.agents.get('r/a.1')?.steers.length) run.stepAgent('r/a.1');
    expect(run.sendTo('r/a.1', 'edit', { steer: 'long-id-1', text: 'y' })).toMatchObject({
      kind: 'refused',
      detail: expect.stringMatching(/^it is not waiting any more: delivered to model call \d+$/) as string,
    });
  });
});

test('a message that names no steer, or none that there is, is told which ones wait', () => {
  const run = threeTasks();
  run.settle();
  expect(run.send('withdraw')).toMatchObject({
    kind: 'refused',
    detail: 'name the steer; steers that no model call has read: none',
  });
  run.send('steer', { text: 'x', id: 'abcd-1' });
  run.send('steer', { text: 'y', id: 'abcd-2' });
  const waiting = 'steers that no model call has read: abcd-1 (x), abcd-2 (y)';
  expect(run.send('withdraw')).toMatchObject({ kind: 'refused', detail: `name the steer; ${waiting}` });
  expect(run.send('withdraw', 'abcd')).toMatchObject({ detail: `"abcd" begins the ids of several steers; ${waiting}` });
  expect(run.send('withdraw', 'none')).toMatchObject({ detail: `there is no steer "none"; ${waiting}` });
  expect(run.send('edit', { steer: 'abcd-2', text: ' ' })).toMatchObject({ kind: 'refused' });
  run.send('withdraw', 'abcd-2');
  expect(run.send('withdraw')).toMatchObject({ kind: 'applied' });
});
