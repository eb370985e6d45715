/** The embedded server as a real process: it serves, its data survives, and it never outlives its parent. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { findMissingSearchAttributes, registerSearchAttributes } from '../../src/client/search-attributes.ts';
import type { TemporalServer, TemporalServerOptions } from '../../src/stack/start-temporal-server.ts';
import { startTemporalServer, TemporalServerFailure } from '../../src/stack/start-temporal-server.ts';
import { makeFolder, writeProgram } from './fake-program.ts';

const temporalPath = inject('temporalPath');

async function start(options: Omit<TemporalServerOptions, 'temporalPath' | 'logPath'>): Promise<TemporalServer> {
  const logPath = join(await makeFolder(), 'temporal.log');
  const server = await startTemporalServer({ temporalPath, logPath, ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function connect(address: string): Promise<Connection> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return connection;
}

async function isAlive(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return state !== '' && !/\) Z /.test(state);
}

const waitForEnd = (pid: number): Promise<void> =>
  vi.waitFor(async () => expect(await isAlive(pid)).toBe(false), { timeout: 240_000, interval: 50 });

test('a started server serves, knows the search attributes, shows its UI, and stop() leaves nothing', async () => {
  const server = await start({});
  const connection = await connect(server.address);
  expect(await findMissingSearchAttributes(connection, 'default')).toEqual([]);
  expect((await fetch(server.uiUrl)).status).toBe(200);
  await Promise.all([server.stop(), server.stop()]);
  expect(await isAlive(server.pid)).toBe(false);
  await expect(Connection.connect({ address: server.address, connectTimeout: 1000 })).rejects.toThrow();
});

test('kill -9 of the server loses nothing: after a restart on its file and port, the client continues', async () => {
  const dbPath = join(await makeFolder(), 'state', 'temporal.db');
  const first = await start({ dbPath });
  const client = new Client({ connection: await connect(first.address) });
  const handle = await client.workflow.start('anything', { taskQueue: 'nobody', workflowId: 'survivor' });
  await handle.signal('steer', 'before');
  process.kill(first.pid, 'SIGKILL');
  await first.ended;
  const second = await start({ dbPath, port: first.port, uiPort: first.uiPort });
  expect(second.address).toBe(first.address);
  await vi.waitFor(() => handle.signal('steer', 'after'), { timeout: 240_000 });
  const { events } = await handle.fetchHistory();
  const signals = events?.filter((event) => event.workflowExecutionSignaledEventAttributes);
  expect(signals).toHaveLength(2);
});

test('a shard is polled often enough for many steps a second: by default the only one has 20 polls', async () => {
  const { pid } = await start({});
  const said = (await readFile(`/proc/${pid}/cmdline`, 'latin1')).split('\0');
  for (const queue of ['transfer', 'timer']) expect(said).toContain(`history.${queue}ProcessorMaxPollRPS=1000`);
});

test('the server dies with the process that started it, even by kill -9', async () => {
  const script = fileURLToPath(new URL('own-server.ts', import.meta.url));
  const log = join(await makeFolder(), 'temporal.log');
  const owner = spawn(process.execPath, [script, temporalPath, log], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(owner.stdout, 'data');
  const pid = Number(String(line));
  expect(await isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  await waitForEnd(pid);
});

test('a program that does not serve fails with the end of its log', async () => {
  const folder = await makeFolder();
  const logPath = join(folder, 'temporal.log');
  const broken = await writeProgram(join(folder, 'temporal'), 'echo "unable to open database file"; exit 1');
  const failure = await startTemporalServer({ temporalPath: broken, logPath }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TemporalServerFailure);
  expect(String(failure)).toMatch(/ended before it served[^]*unable to open database file/);
});

test('a server that hangs is stopped', async () => {
  const folder = await makeFolder();
  const hanging = await writeProgram(join(folder, 'temporal'), 'echo $$ > "${0%/*}/pid"; sleep 600');
  const start = startTemporalServer({ temporalPath: hanging, logPath: join(folder, 'log'), startTimeoutMs: 1000 });
  await expect(start).rejects.toThrow(/did not serve within 1 s/);
  await waitForEnd(Number(await readFile(join(folder, 'pid'), 'utf8')));
});

test('a requested port that is taken is a clear failure', async () => {
  const first = await start({});
  await expect(start({ port: first.port })).rejects.toThrow(`port ${first.port} of 127.0.0.1 is taken`);
});

test('a log that has grown large is set aside', async () => {
  const logPath = join(await makeFolder(), 'temporal.log');
  await writeFile(logPath, Buffer.alloc(9 * 1024 * 1024, 'x'));
  const server = await startTemporalServer({ temporalPath, logPath });
  onTestFinished(() => server.stop());
  expect((await readFile(logPath)).length).toBeLessThan(1024 * 1024);
  expect((await readFile(`${logPath}.1`)).length).toBe(9 * 1024 * 1024);
});

test('missing search attributes are registered, and one of another type is named', async () => {
  const server = await start({ searchAttributes: { CoxTeam: 'Keyword', CoxState: 'Int' } });
  const connection = await connect(server.address);
  const names = (await findMissingSearchAttributes(connection, 'default')).map(({ name }) => name);
  expect(names).toEqual(Object.keys(SEARCH_ATTRIBUTES).filter((name) => name !== 'CoxTeam'));
  const left = await registerSearchAttributes(connection, 'default');
  expect(left).toEqual([{ name: 'CoxState', type: 'Keyword', found: 3 }]);
  expect(await registerSearchAttributes(connection, 'default')).toEqual(left);
});
