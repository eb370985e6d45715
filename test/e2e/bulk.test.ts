/** One message to many runs by the workflow `bulk`: none is lost and none counts twice, although a worker is killed. */
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { BulkResult } from '../../src/core/decisions/bulk.ts';
import { readFleet } from '../../src/client/fleet.ts';
import type { Crew } from '../workflows/harness.ts';
import { makeRepository, startCrew, status, temporal } from '../workflows/harness.ts';
import { startWorkerProcess } from './start-worker-process.ts';
import { recordHistories } from '../workflows/record.ts';

const RUNS = 40;
const WAIT = { timeout: 240_000, interval: 300 };

/** A worker in a separate process that runs workflows, but prepares nothing: the runs stay where they are. */
async function startProcess(crew: Crew): Promise<ChildProcess> {
  return await startWorkerProcess(crew, { env: { COXSWAIN_ROLES: 'control' } });
}

test('a bulk steer gives each of many runs one message and one receipt, while a worker is killed', async () => {
  const crew = await startCrew(() => []);
  await crew.worker.stop();
  const campaign = randomUUID();
  const repository = await makeRepository();
  const first = await startProcess(crew);
  const runs = await Promise.all(Array.from({ length: RUNS }, async () => await crew.start({ repository, campaign })));
  onTestFinished(async () => {
    await temporal('workflow', 'terminate', '--query', `CoxCampaign = "${campaign}"`, '--yes', '--reason', 'over');
  });
  // No worker takes this one, which makes its batch last for seconds.
  const alone = await crew.client.workflow.start('refactor', {
    workflowId: `alone-${campaign}`,
    taskQueue: `nobody-${campaign}`,
    args: [{ repository, goal: 'g', campaign }],
  });
  onTestFinished(() => alone.terminate().then(() => undefined));
  await vi.waitFor(async () => {
    expect(await readFleet(crew.client, { campaign }, { which: 'open' })).toHaveLength(RUNS);
  }, WAIT);
  const text = 'keep the comments';
  const targets = [...runs, alone].map(({ workflowId }) => ({ workflow: workflowId }));
  const id = `bulk-${campaign}`;
  const place = ['--type', 'bulk', '--task-queue', crew.taskQueue, '--workflow-id', id];
  const input = JSON.stringify({ verb: 'steer', targets, input: { text, by: 'ann' } });
  await temporal('workflow', 'start', ...place, '--input', input);
  const steersOf = async (run: (typeof runs)[number]) =>
    (await status(run)).receipts.filter(({ verb }) => verb === 'steer');
  const [probe] = runs;
  if (!probe) throw new Error('no runs');
  await vi.waitFor(async () => expect(await steersOf(probe)).toHaveLength(1), { timeout: 120_000, interval: 20 });
  first.kill('SIGKILL');
  await once(first, 'exit');
  await startProcess(crew);
  const result = (await crew.client.workflow.getHandle(id).result()) as BulkResult;
  expect(result).toMatchObject({ verb: 'steer', applied: RUNS + 1, refused: 0 });
  expect(result.receipts.map(({ workflow }) => workflow)).toEqual(targets.map(({ workflow }) => workflow));
  for (const [index, run] of runs.entries()) {
    const steers = await steersOf(run);
    expect(steers.map(({ by, state }) => [by, state])).toEqual([['ann', 'accepted']]);
    expect(steers[0]?.id).toBe(result.receipts[index]?.receipt);
  }
  expect(result.receipts.at(-1)?.detail).toContain('sent as a signal');
}, 600_000);

test('by a query it reaches the open runs that fit; a query that Temporal does not take fails with its words', async () => {
  const crew = await startCrew(() => [], { env: { COXSWAIN_ROLES: 'control' } });
  const campaign = randomUUID();
  const repository = await makeRepository();
  const runs = [await crew.start({ repository, campaign }), await crew.start({ repository, campaign, team: 'blue' })];
  onTestFinished(async () => {
    await temporal('workflow', 'terminate', '--query', `CoxCampaign = "${campaign}"`, '--yes', '--reason', 'over');
  });
  await vi.waitFor(async () => {
    expect(await readFleet(crew.client, { campaign }, { which: 'open' })).toHaveLength(2);
  }, WAIT);
  let bulkId = '';
  const bulk = async (input: object): Promise<BulkResult> =>
    (await crew.client.workflow.execute('bulk', {
      taskQueue: crew.taskQueue,
      workflowId: (bulkId = `bulk-${randomUUID()}`),
      args: [input],
    })) as BulkResult;
  const query = `CoxCampaign = "${campaign}"`;
  const paused = await bulk({ verb: 'pause', query, input: { reason: 'lunch', by: 'ann' } });
  expect(paused).toMatchObject({ applied: 2, refused: 0 });
  await recordHistories({ 'v0.5-bulk': bulkId });
  for (const run of runs) expect((await status(run)).paused).toBe('by ann: lunch');
  const resumed = await bulk({ verb: 'resume', query: `${query} AND CoxTeam = "blue"`, input: { by: 'ann' } });
  expect(resumed.receipts.map(({ workflow }) => workflow)).toEqual([runs[1]?.workflowId]);
  await expect(bulk({ verb: 'stop', query: 'CoxTeam is' })).rejects.toMatchObject({
    cause: { message: expect.stringMatching(/./) },
  });
  await expect(bulk({ verb: 'approve', query })).rejects.toMatchObject({
    cause: { type: 'BadInput', message: expect.stringContaining('approve takes targets') },
  });
});
