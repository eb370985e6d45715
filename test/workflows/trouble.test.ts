import { expect, test } from 'vitest';
import { MAX_OUTPUT_TOKENS } from '../../src/core/agent/output-room.ts';
import { agentQueries } from '../../src/workflows/messages.ts';
import type { Script } from './harness.ts';
import { approve, finish, makeRepository, onePlan, planned, shell, startCrew, status, until } from './harness.ts';

test('a model server that is down is waited for, the wait and its reason are in status, and the run goes on', async () => {
  let down = false;
  let refused = 0;
  const faults = [
    { fault: 'status', status: 500 },
    { fault: 'status', status: 429, headers: { 'retry-after': '1' } },
    { fault: 'garbage' },
    { fault: 'cut-stream' },
  ] as const;
  const script: Script = ({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (!down) return turn === 0 ? shell('echo new > a/new.txt') : finish();
    return faults[refused++ % faults.length] ?? finish();
  };
  const crew = await startCrew(script);
  const handle = await crew.start({ repository: await makeRepository() });
  await until(handle, ({ needs }) => needs.length > 0);
  down = true;
  await approve(handle, 'plan@1');
  const troubled = await until(handle, ({ tasks }) => tasks.some(({ trouble }) => trouble !== null));
  const [task] = troubled.tasks;
  expect(task?.trouble).toMatch(/^think has been retried since 20.*; attempt \d+ failed: /);
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  expect((await agent.query(agentQueries.status)).trouble).toBe(task?.trouble);
  expect(await agent.query(agentQueries.log)).toContainEqual(
    expect.objectContaining({ text: expect.stringMatching(/^think failed 2 times: /) }),
  );
  down = false;
  await approve(handle, 'delivery@1');
  expect((await status(handle)).tasks.every(({ trouble }) => trouble === null)).toBe(true);
  expect((await agent.query(agentQueries.status)).trouble).toBeNull();
  await handle.result();
});

test('a call that a server refused costs nothing; one whose answer broke off is charged at what was reserved', async () => {
  const faults = [{ fault: 'status', status: 500 }, { fault: 'status', status: 503 }, { fault: 'cut-stream' }] as const;
  let asked = 0;
  const script: Script = ({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? shell('echo new > a/new.txt') : (faults[asked++] ?? finish());
  };
  const crew = await startCrew(script);
  const handle = await crew.start({ repository: await makeRepository() });
  await approve(handle, 'plan@1');
  await approve(handle, 'delivery@1');
  await handle.result();
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  const { spend } = await agent.query(agentQueries.status);
  expect(spend).toMatchObject({ modelCalls: 3 });
  expect(spend.outputTokens).toBeGreaterThan(MAX_OUTPUT_TOKENS);
  expect(spend.outputTokens).toBeLessThan(2 * MAX_OUTPUT_TOKENS);
});
