/** A signed order counts once in its run, whatever else is sent to it. */
import { expect, test } from 'vitest';
import { openInRun } from '../../../src/core/decisions/open-decisions.ts';
import { receiveForRefactor } from '../../../src/core/refactor/messages.ts';
import { newWorld, PLACE } from '../approval-attacks.ts';
import { sha } from '../builders.ts';
import { asking, DECISIONS, freshOrderId, give, keys, order } from '../signed-orders.ts';

test('each counts once in a run, however many other messages came since', async () => {
  const run = newWorld(DECISIONS);
  const flood = (): void => {
    for (let index = 0; index < 1001; index += 1)
      run.refactor = receiveForRefactor(run.refactor, 'pause', [{ id: freshOrderId() }], run.now).state;
  };
  const steer = order('ann', 'r', 'steer', { text: 'only once' });
  expect(await give(run, 'steer', steer)).toMatchObject({ kind: 'applied' });
  flood();
  expect(await give(run, 'steer', steer)).toMatchObject({ detail: expect.stringContaining('already received') });
  // Two copies whose signatures are verified at the same time.
  const other = order('ann', 'r', 'steer', { text: 'once as well' });
  await keys.deliver(
    () => run.refactor,
    (state) => (run.refactor = state),
    (state, verified) => receiveForRefactor(state, 'steer', [other], run.now, verified),
    async () => {
      flood();
      await give(run, 'steer', other);
    },
  );
  expect(run.refactor.steering.map(({ text }) => text)).toEqual(['only once', 'once as well']);
  // An agent counts its own orders once, too.
  const agent = asking(DECISIONS);
  const wheels = order('ann', 'r/a.1', 'resume', { from: sha('wheel') });
  expect(await agent.give('resume', wheels)).toMatchObject({ kind: 'applied' });
  for (let index = 0; index < 1001; index += 1) await agent.give('pause', { id: freshOrderId() });
  expect(await agent.give('resume', wheels)).toMatchObject({ detail: expect.stringContaining('already received') });
  expect(agent.read().control.paused).not.toBeNull();
});

test('more than a run remembers are refused, with the reason, until it continues as new', async () => {
  const run = newWorld(DECISIONS);
  const signedOrders = Array.from({ length: 1000 }, (_, index) => `order-of-before-${index}`);
  run.refactor = { ...run.refactor, control: { ...run.refactor.control, signedOrders } };
  const steer = order('ann', 'r', 'steer', { text: 'one more' });
  expect(await give(run, 'steer', steer)).toMatchObject({
    kind: 'refused',
    detail: expect.stringContaining('once it has continued as new'),
  });
  run.refactor = { ...run.refactor, control: openInRun(run.refactor.control, PLACE) };
  expect(await give(run, 'steer', steer)).toMatchObject({ kind: 'applied' });
});
