/** A worker that starts while its Temporal server is being restarted. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connectClient } from '../../src/client/connect.ts';
import { readConfig } from '../../src/config.ts';
import { findFreePort } from '../../src/stack/ports.ts';
import { startTemporalServer } from '../../src/stack/start-temporal-server.ts';
import { quietRuntime, startWorker } from '../../src/worker.ts';

quietRuntime();

test('a worker waits for a server that comes back, and then works', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-start-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const port = await findFreePort();
  const address = `127.0.0.1:${port}`;
  const config = readConfig({ COXSWAIN_STATE: folder, COXSWAIN_ROLES: 'control' }, folder);
  const starting = startWorker(config, {
    address,
    namespace: 'default',
    model: { name: 'none', apiKey: 'none' },
    defaultRoots: [],
  });
  await delay(1500);
  const logPath = join(folder, 'temporal.log');
  const server = await startTemporalServer({ temporalPath: inject('temporalPath'), logPath, port });
  onTestFinished(() => server.stop());
  const worker = await starting;
  onTestFinished(() => worker.stop());
  const connected = await connectClient({ address, namespace: 'default' });
  onTestFinished(() => connected.close());
  const { client } = connected;
  const taskQueue = config.taskQueue;
  const handle = await client.workflow.start('refactor', { taskQueue, workflowId: 'wrong', args: [{ goal: '' }] });
  await expect(handle.result()).rejects.toMatchObject({ cause: { message: expect.stringMatching(/goal|repository/) } });
});
