import { expect, test, vi } from 'vitest';
import { agentQueries, signals } from '../../src/workflows/messages.ts';
import { startForgetfulServer } from './forgetful-server.ts';
import { approve, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';

const STEPS = 14;
test('runs continue as new every few steps, and no step, steer, receipt or decision is lost', async () => {
  const crew = await startCrew(
    ({ task, turn, request }) => {
      if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
      if (turn < STEPS) return shell(`echo ${turn} >> a/lines`);
      // An agent that has finished takes no steer, so it waits for the last one.
      return JSON.stringify(request.items).includes('steer 9') ? finish() : shell('sleep 0.2');
    },
    { address: await startForgetfulServer() },
  );
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'long' });
  await approve(handle, 'plan@1');
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  await until(handle, ({ tasks }) => tasks.some(({ status }) => status === 'working'));
  for (let number = 0; number < 10; number += 1) {
    // One for each step, so that they come before, during and after a run continues as new.
    const asked = crew.model.requests.length;
    await handle.signal(signals.steer, { text: `steer ${number}`, id: `s${number}`, by: 'ann' });
    await vi.waitUntil(() => crew.model.requests.length > asked, { timeout: 240_000 });
  }
  await approve(handle, 'delivery@1', 90_000);
  await handle.result();
  const lines = Array.from({ length: STEPS }, (_, turn) => String(turn)).join('\n');
  expect(await git(repository, 'show', 'long:a/lines')).toBe(lines);
  const { receipts } = await agent.query(agentQueries.status);
  expect(receipts.filter(({ id }) => id.startsWith('s')).map(({ state }) => state)).toEqual(
    Array(10).fill('delivered'),
  );
  const { raw } = await agent.describe();
  expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
});
