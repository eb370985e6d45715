/**
 * The stack that commands talk to: a configured Temporal, the embedded one that runs already, or one brought up now.
 * Rule: the process that brings a stack up takes it down again; nothing that it started outlives it.
 */
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import type { Connected } from '../../client/connect.ts';
import { connectClient } from '../../client/connect.ts';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import { OFFLINE_MODEL, startOfflineModel } from '../../offline/model/offline-model.ts';
import { findTemporal } from '../../stack/find-temporal.ts';
import { isListening } from '../../stack/ports.ts';
import { findMissingSearchAttributes } from '../../client/search-attributes.ts';
import type { TemporalServer } from '../../stack/start-temporal-server.ts';
import { startTemporalServer } from '../../stack/start-temporal-server.ts';
import { claimStateFolder } from '../../stack/state-folder.ts';
import { startWorker } from '../../worker.ts';
import { ownLine } from './own-line.ts';

const recordSchema = z.object({ address: z.string(), uiUrl: z.string(), pid: z.number() });

export interface Stack {
  client: Client;
  connection: Connection;
  address: string;
  namespace: string;
  /** Only for an embedded server. */
  uiUrl: string | undefined;
  /** Whether this process runs the worker. */
  own: boolean;
  model: string;
  /** Settles when a part of a stack that this process runs ends by itself. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

/** A person has to do something first; the message says what. */
export class StackError extends Error {
  override name = 'StackError';
}

const never = new Promise<never>(() => undefined);

/** A client for a configured Temporal or a running embedded stack; undefined when neither is there. */
export async function attach(config: Config): Promise<Stack | undefined> {
  const configured = config.temporal;
  const record = configured ? undefined : await readRecord(config);
  if (!configured && !record) return undefined;
  const address = configured?.address ?? record?.address ?? '';
  const namespace = configured?.namespace ?? 'default';
  const connected = await connectClient({
    address,
    namespace,
    ...(configured ? { connectionOptions: configured.options } : {}),
  });
  return {
    ...place(connected, address, namespace, record?.uiUrl),
    own: false,
    model: 'that of its worker',
    ended: never,
    stop: () => connected.close(),
  };
}

function place(
  connected: Connected,
  address: string,
  namespace: string,
  uiUrl: string | undefined,
): Pick<Stack, 'client' | 'connection' | 'address' | 'namespace' | 'uiUrl'> {
  return { client: connected.client, connection: connected.connection, address, namespace, uiUrl };
}

/** Brings the embedded stack up in this process. Throws if one already runs from the same folder. */
export async function bringUp(config: Config, onProgress: (message: string) => void): Promise<Stack> {
  const running = await readRecord(config);
  if (running)
    throw new StackError(
      `${config.stateDir} already has a running stack (process ${running.pid}, ${running.address}): use that one, or end it first`,
    );
  await claimStateFolder(config.stateDir);
  const server = await startServer(config, onProgress);
  const stops: (() => Promise<void>)[] = [() => server.stop()];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).toReversed()) await end();
  };
  try {
    const { remote } = config.model;
    const offline = remote ? undefined : await startOfflineModel();
    if (offline) stops.push(() => offline.close());
    const model = remote ?? { name: OFFLINE_MODEL, apiKey: 'none', baseUrl: offline?.url ?? '' };
    const { address } = server;
    // No versioning with a single worker: nothing would run until a person made its version current.
    const worker = await startWorker(
      { ...config, version: undefined },
      { address, namespace: 'default', model, defaultRoots: ['/'], say: (line) => console.log(line) },
    );
    stops.push(() => worker.stop());
    const connected = await connectClient({ address, namespace: 'default' });
    stops.push(() => connected.close());
    await writeRecord(config, { address, uiUrl: server.uiUrl, pid: process.pid });
    stops.push(() => rm(recordPath(config), { force: true }));
    const ended = Promise.race([
      server.ended.then(() => 'the Temporal server ended'),
      worker.ended.then(
        () => 'the worker ended',
        (error: unknown) => `the worker failed: ${String(error)}`,
      ),
    ]);
    return { ...place(connected, address, 'default', server.uiUrl), own: true, model: model.name, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startServer(config: Config, onProgress: (message: string) => void): Promise<TemporalServer> {
  const temporal = await findTemporal({ cacheDir: config.cacheDir, searchPath: config.path, onProgress });
  if (temporal.kind === 'missing') throw new StackError(temporal.remedy);
  const ports = await readPorts(config);
  const shared = {
    temporalPath: temporal.path,
    dbPath: join(config.stateDir, 'temporal.db'),
    logPath: join(config.stateDir, 'temporal.log'),
  };
  // The ports of the last time, so that bookmarks and running clients still work; free ones if these are taken.
  const server = ports
    ? await startTemporalServer({ ...shared, ...ports }).catch(() => startTemporalServer(shared))
    : await startTemporalServer(shared);
  await writeFile(join(config.stateDir, 'ports.json'), JSON.stringify({ port: server.port, uiPort: server.uiPort }), {
    mode: 0o600,
  });
  return server;
}

async function readPorts(config: Config): Promise<{ port: number; uiPort: number } | undefined> {
  const schema = z.object({ port: z.number(), uiPort: z.number() });
  const text = await readFile(join(config.stateDir, 'ports.json'), 'utf8').catch(() => undefined);
  // The first time: Temporal's default ports, which the temporal program uses without --address.
  if (text === undefined) return { port: 7233, uiPort: 8233 };
  return schema.safeParse(parseJson(text)).data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function recordPath(config: Config): string {
  return join(config.stateDir, 'stack.json');
}

/** The running stack of this folder. A record that a killed process left does not count. */
async function readRecord(config: Config): Promise<z.infer<typeof recordSchema> | undefined> {
  const path = recordPath(config);
  if (!existsSync(path)) return undefined;
  const record = recordSchema.safeParse(parseJson(await readFile(path, 'utf8').catch(() => ''))).data;
  if (!record || !isAlive(record.pid)) return undefined;
  return (await isListening(Number(record.address.split(':').at(-1)))) ? record : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function writeRecord(config: Config, record: z.infer<typeof recordSchema>): Promise<void> {
  const fresh = `${recordPath(config)}.${process.pid}`;
  await writeFile(fresh, JSON.stringify(record), { mode: 0o600 });
  await rename(fresh, recordPath(config));
}

/** Throws if the configured Temporal lacks our search attributes: workflows get stuck without them. */
export async function checkSearchAttributes(stack: Stack): Promise<void> {
  const missing = await findMissingSearchAttributes(stack.connection, stack.namespace);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new StackError(`Temporal at ${stack.address} lacks the search attributes ${names}: run "cox setup" once`);
}

/** Runs the body of a command on the configured or running stack. */
export async function withStack<T>(body: (stack: Stack, config: Config) => Promise<T>): Promise<T> {
  const config = readConfig();
  const stack = await attach(config);
  if (!stack)
    throw new StackError(
      `no stack runs from ${config.stateDir} and no Temporal is configured: set TEMPORAL_ADDRESS, or run  ${ownLine(config, ['up'])}`,
    );
  try {
    return await body(stack, config);
  } finally {
    await stack.stop();
  }
}
