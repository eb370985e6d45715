/** The embedded server refuses web pages: what a page can send reaches neither its HTTP API nor its UI. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { request as sendRequest } from 'node:http';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { execa } from 'execa';
import { beforeAll, afterAll, expect, inject, test } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { TemporalServer } from '../../src/stack/start-temporal-server.ts';
import { startTemporalServer } from '../../src/stack/start-temporal-server.ts';

const temporalPath = inject('temporalPath');
const START = JSON.stringify({ workflowType: { name: 'refactor' }, taskQueue: { name: 'coxswain' } });
let folder: string;
let server: TemporalServer;
let client: Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coxswain-pages-'));
  server = await startTemporalServer({ temporalPath, logPath: join(folder, 'temporal.log') });
  client = new Client({ connection: await Connection.connect({ address: server.address }) });
});

afterAll(async () => {
  await client?.connection.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Place {
  ip: string;
  port: number;
}

/** The addresses at which the server and the proxy of its UI listen, from the kernel's tables. */
async function listPlaces(): Promise<Place[]> {
  const folder = `/proc/${server.pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map(async (fd) => await readlink(join(folder, fd)).catch(() => '')),
  );
  const own = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  const listening = lines.filter(([, , , state, , , , , , inode]) => state === '0A' && own.has(inode));
  const places = listening.map(([, local = '']) => {
    const [address = '', port = ''] = local.split(':');
    const bytes = address.match(/../g) ?? [];
    return {
      ip: bytes
        .map((byte) => Number.parseInt(byte, 16))
        .toReversed()
        .join('.'),
      port: Number.parseInt(port, 16),
    };
  });
  return [...places, { ip: '127.0.0.1', port: server.uiPort }];
}

interface Answer {
  status: number | 'refused';
  body: string;
  cookies: string[];
}

/** A request as a browser sends it, with the Host header of the page's choice. */
async function send(
  { ip, port }: Place,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Answer> {
  return await new Promise((resolve) => {
    const refused = (): void => resolve({ status: 'refused', body: '', cookies: [] });
    const method = body === undefined ? 'GET' : 'POST';
    const request = sendRequest({ host: ip, port, path, method, headers, setHost: false, agent: false });
    request.setTimeout(5000, () => request.destroy(new Error('no answer')));
    request.on('error', refused).on('response', (response) => {
      let text = '';
      response.on('error', refused).on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: text, cookies: response.headers['set-cookie'] ?? [] }),
      );
    });
    request.end(body);
  });
}

async function listStarted(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list()) ids.push(workflowId);
  return ids;
}

const isStarted = async (id: string): Promise<boolean> =>
  await client.workflow
    .getHandle(id)
    .describe()
    .then(
      () => true,
      () => false,
    );

test('a page that posts to each port of the server starts nothing, whatever Host it sends', async () => {
  const places = await listPlaces();
  const tried = places.flatMap((place) =>
    [`127.0.0.1:${place.port}`, `localhost:${place.port}`, `attacker.example:${place.port}`].flatMap((host) =>
      ['text/plain', 'application/json', 'application/x-www-form-urlencoded'].map((type) => ({ place, host, type })),
    ),
  );
  const answers = await Promise.all(
    tried.map(async ({ place, host, type }, index) => {
      const headers = { Host: host, 'Content-Type': type, Origin: 'http://attacker.example' };
      const paths = [
        `/api/v1/namespaces/default/workflows/page-${index}`,
        `/namespaces/default/workflows/page-${index}`,
      ];
      return await Promise.all(paths.map(async (path) => await send(place, path, headers, START)));
    }),
  );
  const statuses = new Set(answers.flat().map(({ status }) => status));
  // No port accepted it: refused, forbidden, without a token, or (metrics) no such page.
  expect([...statuses].filter((status) => ![400, 403, 404, 'refused'].includes(status))).toEqual([]);
  // The HTTP API is there, and refused each request.
  const said = tried.filter((_, index) => answers[index]?.every(({ body }) => body.includes('Host not allowed')));
  expect(new Set(said.map(({ place }) => place.port)).size).toBe(1);
  expect(said).toHaveLength(9);
  expect(await listStarted()).toEqual([]);
});

test('a page whose name resolves to this machine gets no token of the UI, and other pages can not post', async () => {
  const ui = { ip: '127.0.0.1', port: server.uiPort };
  const attacker = `attacker.example:${ui.port}`;
  expect(await send(ui, '/', { Host: attacker })).toMatchObject({ status: 403, cookies: [] });
  const { cookies } = await send(ui, '/', { Host: `127.0.0.1:${ui.port}` });
  const token = /_csrf=([^;]+)/.exec(cookies.join('\n'))?.[1] ?? '';
  expect(token).not.toBe('');
  const withToken = { 'Content-Type': 'application/json', Cookie: `_csrf=${token}`, 'X-CSRF-TOKEN': token };
  const path = '/api/v1/namespaces/default/workflows/rebound';
  for (const wrong of [
    { Host: attacker, Origin: `http://${attacker}` },
    { Host: attacker },
    { Host: `127.0.0.1:${ui.port}`, Origin: 'http://attacker.example' },
    { Host: `127.0.0.1:${ui.port}`, Origin: 'null' },
    { Host: `127.0.0.1:${ui.port}`, Origin: `http://127.0.0.1:${ui.port + 1}` },
  ]) {
    expect(await send(ui, path, { ...withToken, ...wrong }, START)).toMatchObject({ status: 403 });
  }
  expect(await isStarted('rebound')).toBe(false);
});

test('the UI itself, the temporal program and our client work as before', async () => {
  const ui = { ip: '127.0.0.1', port: server.uiPort };
  for (const host of [`127.0.0.1:${ui.port}`, `localhost:${ui.port}`]) {
    const { cookies } = await send(ui, '/', { Host: host });
    const token = /_csrf=([^;]+)/.exec(cookies.join('\n'))?.[1] ?? '';
    const headers = { Host: host, Origin: `http://${host}`, Cookie: `_csrf=${token}`, 'X-CSRF-TOKEN': token };
    const id = `by-ui-${host.split(':')[0]}`;
    // The server's frontend returns 503 under load; only the `temporal` program and clients retry.
    await expect
      .poll(async () => (await send(ui, `/api/v1/namespaces/default/workflows/${id}`, headers, START)).status)
      .not.toBe(503);
    expect(await isStarted(id)).toBe(true);
  }
  const words = ['workflow', 'start', '--type', 'refactor', '--task-queue', 'coxswain', '--workflow-id', 'by-program'];
  await execa(temporalPath, [...words, '--address', server.address]);
  await client.workflow.start('refactor', { taskQueue: 'coxswain', workflowId: 'by-client' });
  expect([await isStarted('by-program'), await isStarted('by-client')]).toEqual([true, true]);
});
