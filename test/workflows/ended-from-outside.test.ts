import { glob } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { agentQueries, updates } from '../../src/workflows/messages.ts';
import type { Crew, Script } from './harness.ts';
import { approve, ask, finish, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';

const PLAN = planned(onePlan({ id: 'a', paths: ['a/**'] }));

/** Seconds by which the processes of one test are told from any other's. */
const SECONDS = 4000 + (process.pid % 1000);

async function isRunning(seconds: number): Promise<boolean> {
  const { stdout } = await execa('ps', ['-eo', 'args']);
  return stdout.split('\n').some((line) => line.trim() === `sleep ${seconds}`);
}

const agentOf = (crew: Crew, handle: WorkflowHandle): WorkflowHandle =>
  crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);

async function stateOf(agent: WorkflowHandle): Promise<string> {
  return (await agent.query(agentQueries.status)).state;
}

/** Which of these runs lists find by a query, as soon as the server has told them. */
async function find(crew: Crew, query: string): Promise<string[]> {
  const found = await Array.fromAsync(crew.client.workflow.list({ query }));
  return found.map(({ workflowId }) => workflowId);
}

const sleeps =
  (seconds: number): Script =>
  ({ task, turn }) => {
    if (task === 'plan') return PLAN;
    return turn === 0 ? shell(`echo one > a/begun.txt; sleep ${seconds}; echo two > a/ended.txt`) : finish();
  };

test('an agent whose refactor was terminated ends its command within seconds and holds; resumed, it works alone', async () => {
  const crew = await startCrew(sleeps(SECONDS));
  const handle = await crew.start({ repository: await makeRepository(), branch: 'gone' });
  await approve(handle, 'plan@1');
  await expect.poll(() => isRunning(SECONDS), { timeout: 240_000 }).toBe(true);
  await handle.terminate('by hand');
  await expect.poll(() => isRunning(SECONDS)).toBe(false);
  const agent = agentOf(crew, handle);
  await expect.poll(() => stateOf(agent)).toBe('holds');
  expect(await agent.query(agentQueries.status)).toMatchObject({
    hold: expect.stringContaining(`its refactor is closed`),
  });
  await expect
    .poll(() => find(crew, `WorkflowId = '${agent.workflowId}' AND CoxNeeds = 'resume'`))
    .toEqual([agent.workflowId]);
  expect(await Array.fromAsync(glob('workspaces/*/files-*/**/ended.txt', { cwd: crew.stateDir }))).toEqual([]);
  // Somebody wants it all the same: it is not stopped a second time.
  await agent.executeUpdate(updates.resume, { args: [{ by: 'ann' }] });
  await expect.poll(() => isRunning(SECONDS), { timeout: 240_000 }).toBe(true);
  await agent.executeUpdate(updates.steer, { args: [{ text: 'enough', interrupt: true, by: 'ann' }] });
  await expect(agent.result()).resolves.toMatchObject({ kind: 'finished' });
});

test('a refactor and an agent that are cancelled end as Cancelled, and lists tell them from stopped and delivered ones', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return PLAN;
    return turn === 0 ? ask('go on?') : finish();
  });
  const begin = async (): Promise<WorkflowHandle> => {
    const handle = await crew.start({ repository: await makeRepository() });
    await approve(handle, 'plan@1');
    await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
    return handle;
  };
  const [cancelled, stopped] = [await begin(), await begin()];
  await cancelled.cancel();
  await stopped.executeUpdate(updates.stop, { args: [{ reason: 'enough', by: 'ann' }] });
  await expect(stopped.result()).resolves.toMatchObject({ outcome: 'stopped' });
  await expect(cancelled.result()).rejects.toThrow();
  const statusOf = async ({ workflowId }: WorkflowHandle): Promise<string> =>
    (await crew.client.workflow.getHandle(workflowId).describe()).status.name;
  expect([await statusOf(cancelled), await statusOf(stopped)]).toEqual(['CANCELLED', 'COMPLETED']);
  expect(await stateOf(agentOf(crew, cancelled))).toBe('stopped');
  const ids = [cancelled, stopped].map(({ workflowId }) => `'${workflowId}'`).join(', ');
  const listed = (state: string): Promise<string[]> => find(crew, `WorkflowId IN (${ids}) AND CoxState = '${state}'`);
  await expect.poll(() => listed('cancelled')).toEqual([cancelled.workflowId]);
  await expect.poll(() => listed('stopped')).toEqual([stopped.workflowId]);
  // An agent that is cancelled by hand: its refactor notices, and holds.
  const other = await begin();
  await agentOf(crew, other).cancel();
  await until(other, ({ hold }) => hold !== null);
  await expect.poll(() => statusOf(agentOf(crew, other))).toBe('CANCELLED');
  await other.executeUpdate(updates.stop, { args: [{ by: 'ann' }] });
});
