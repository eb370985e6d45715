/** A worker that starts while its Temporal server is being restarted. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
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

test('cox worker started before its server says so, waits, and then works', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-start-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const port = await findFreePort();
  const env = { COXSWAIN_STATE: folder, COXSWAIN_ROLES: 'control', TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
  const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
  const worker = execa(process.execPath, [program, 'worker'], { env, all: true, reject: false, buffer: false });
  onTestFinished(() => void worker.kill('SIGKILL'));
  let said = '';
  worker.all.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said, { timeout: 240_000 }).toContain('no Temporal server answers');
  const server = await startTemporalServer({
    temporalPath: inject('temporalPath'),
    logPath: join(folder, 'temporal.log'),
    port,
  });
  onTestFinished(() => server.stop());
  await expect.poll(() => said, { timeout: 240_000 }).toContain('working on');
  worker.kill('SIGTERM');
  expect(await worker).toMatchObject({ exitCode: 0 });
});
