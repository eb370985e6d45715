/** A run that its workers' code can't replay is found, and goes on where the printed command puts it. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { execa } from 'execa';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connectClient } from '../../src/client/connect.ts';
import { describeUnreplayable, findUnreplayable } from '../../src/client/find-unreplayable.ts';
import { mendRuns } from '../../src/client/mend-runs.ts';
import { findResetPoint } from '../../src/core/upkeep/reset-point.ts';
import { quietRuntime } from '../../src/worker.ts';

quietRuntime();
const taskQueue = `unreplayable-${randomUUID().slice(0, 8)}`;

async function runWorker(version: string): Promise<() => Promise<void>> {
  const connection = await NativeConnection.connect({ address: inject('temporalAddress') });
  const workflowsPath = fileURLToPath(new URL(`versions/${version}.ts`, import.meta.url));
  const worker = await Worker.create({ connection, taskQueue, workflowsPath });
  const ended = worker.run();
  ended.catch(() => undefined);
  return async () => {
    worker.shutdown();
    await ended;
    await connection.close();
  };
}

test('a run that stands still is found, and the command that is printed lets it go on', async () => {
  const address = inject('temporalAddress');
  const connected = await connectClient({ address, namespace: 'default' });
  const { client } = connected;
  onTestFinished(() => connected.close());
  const right = await runWorker('waits');
  const handle = await client.workflow.start('changing', { taskQueue, workflowId: taskQueue });
  const timers = async (): Promise<number> =>
    (await handle.fetchHistory()).events?.filter(({ timerFiredEventAttributes }) => timerFiredEventAttributes).length ??
    0;
  await expect.poll(timers).toBeGreaterThan(1);
  await right();
  expect(await findUnreplayable(client, taskQueue)).toEqual([]);

  const wrong = await runWorker('asks');
  const looked = async (): Promise<unknown> => await findUnreplayable(client, taskQueue);
  await expect.poll(looked, { timeout: 200_000, interval: 1000 }).not.toEqual([]);
  const [found] = await findUnreplayable(client, taskQueue);
  expect(found).toMatchObject({ workflowId: taskQueue, resetTo: { eventId: 4, isReordered: false } });
  const [, reset = ''] = describeUnreplayable(found as NonNullable<typeof found>).split(', or ');
  await wrong();

  const again = await runWorker('waits');
  onTestFinished(again);
  await execa('sh', ['-c', `"$TEMPORAL" "$@" ${reset.replace('temporal ', '')}`, 'sh'], {
    env: { TEMPORAL: inject('temporalPath'), TEMPORAL_ADDRESS: address },
  });
  await client.workflow.getHandle(taskQueue).signal('end');
  expect(await client.workflow.getHandle(taskQueue).result()).toBe('told');
});

test('a run whose update the SDK replays in another place is mended, and what it was told still counts', async () => {
  const address = inject('temporalAddress');
  const connected = await connectClient({ address, namespace: 'default' });
  onTestFinished(() => connected.close());
  const { client } = connected;
  const workflowId = `${taskQueue}-reordered`;
  const handle = await client.workflow.start('reordered', { taskQueue, workflowId });
  const told = handle.executeUpdate<string, [string]>('tell', { args: ['wait'] });
  const late = await runWorker('late');
  expect(await told).toBe('wait');
  expect(await handle.executeUpdate('tell', { args: ['end'] })).toBe('end');
  await late();

  onTestFinished(await runWorker('early'));
  const resets = new Map<string, number>();
  const mended = async (): Promise<string[]> => await mendRuns(client, taskQueue, resets);
  await expect.poll(mended, { timeout: 200_000, interval: 1000 }).toEqual([expect.stringContaining(workflowId)]);
  expect(await client.workflow.getHandle(workflowId).result()).toBe('end');
});

test('the reset takes back the workflow task whose events differ, whatever failed before it', () => {
  const task = (eventId: number, taskFailure?: string): Parameters<typeof findResetPoint>[0][number] => ({
    eventId,
    workflowTaskCompleted: taskFailure === undefined,
    taskFailure,
  });
  const differs = (id: number): string =>
    `[TMPRL1100] Nondeterminism error: Update machine does not handle this event: HistoryEvent(id: ${id}, TimerStarted)`;
  expect(findResetPoint([task(4), task(10), task(15, differs(11)), task(20), task(30, differs(21))])).toEqual({
    eventId: 20,
    isReordered: true,
  });
  expect(findResetPoint([task(4), task(10), task(15, differs(7))])).toMatchObject({ eventId: 4 });
  expect(findResetPoint([task(4), task(15, differs(3))])).toBeUndefined();
  expect(findResetPoint([task(4), task(15, 'TypeError: x is not a function')])).toBeUndefined();
});
