/** Steers and their changes where policy requires signatures: what is not signed is a claim, and the report is honest. */
import { expect, test } from 'vitest';
import { approvalBy, newWorld, refactorGate } from '../approval-attacks.ts';
import { DECISIONS, give, keys, order } from '../signed-orders.ts';
import { threeTasks } from './three-tasks.ts';

test('the receipt of a signed steer tells agents apart, like that of any other', async () => {
  const run = newWorld(DECISIONS);
  const gate = refactorGate(keys, run);
  await gate.send(approvalBy(gate, 'ann'));
  while (!run.agents.has('r/a.1')) run.stepRefactor();
  await give(run, 'steer', order('ann', 'r', 'steer', { text: 'signed', id: 'signed' }));
  await give(run, 'steer', { text: 'unsigned', id: 'unsigned', by: 'ann' });
  const part = { 'r/a.1': { task: 'a', state: 'forwarded' } };
  const steers = run.refactor.control.receipts.filter(({ verb }) => verb === 'steer');
  expect(steers).toMatchObject([
    { id: 'signed', told: part },
    { id: 'unsigned', told: part },
  ]);
});

test('an edit that is not signed leaves no signature of another person on its words', async () => {
  const run = newWorld(DECISIONS);
  await give(run, 'steer', order('ann', 'r', 'steer', { text: 'good words', id: 'good', interrupt: true }));
  expect(run.refactor.steering).toMatchObject([{ by: 'ann', text: 'good words' }]);
  expect(await give(run, 'edit', { steer: 'good', text: 'bad words', by: 'mallory' })).toMatchObject({
    kind: 'applied',
  });
  const [held] = run.refactor.heldSteers;
  expect(held).toMatchObject({ verb: 'steer', id: 'good', text: 'bad words', by: 'mallory', interrupt: true });
  expect(held?.signature).toBeUndefined();
  expect(run.refactor.steering).toEqual([
    { id: 'good', at: expect.any(Number) as number, by: 'mallory', text: 'bad words', claim: true },
  ]);
  await give(run, 'edit', order('bob', 'r', 'edit', { steer: 'good', text: 'better words' }));
  expect(run.refactor.steering).toMatchObject([{ by: 'bob', text: 'better words' }]);
  expect(run.refactor.steering[0]?.claim).toBeUndefined();
});

test('what an agent may have read stays in the report, whatever becomes of the change', () => {
  const run = threeTasks();
  run.settle();
  run.send('approve');
  while (!run.agents.has('r/a.1')) run.stepRefactor();
  run.send('steer', { text: 'one', id: 'one', to: 'a', by: 'ann' });
  run.send('steer', { text: 'two', id: 'two', to: 'a', by: 'ann' });
  run.send('withdraw', { steer: 'one', by: 'ann' });
  run.send('edit', { steer: 'two', text: 'second', by: 'bob' });
  expect(run.refactor.steering.map(({ by, text }) => `${by}: ${text}`)).toEqual([
    'ann: one',
    'ann: two',
    'bob: second',
  ]);
});
