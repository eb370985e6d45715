/**
 * Brings the embedded stack up in this process: Temporal's development server, the offline model, a worker.
 * Rule: the process that brings a stack up takes it down again; nothing that it started outlives it.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { connectClient } from '../../client/connect.ts';
import type { Config } from '../../config.ts';
import { parseJson } from '../../core/text/json.ts';
import { OFFLINE_MODEL, startOfflineModel } from '../../offline/model/offline-model.ts';
import { findTemporal } from '../../stack/find-temporal.ts';
import type { TemporalServer } from '../../stack/start-temporal-server.ts';
import { startTemporalServer } from '../../stack/start-temporal-server.ts';
import { claimStateFolder } from '../../stack/state-folder.ts';
import { quietRuntime, startWorker } from '../../worker.ts';
import type { Stack } from './open-stack.ts';
import { place, StackError } from './open-stack.ts';
import { readStackRecord, recordPath, writeStackRecord } from './stack-record.ts';

/** Brings the embedded stack up in this process. Throws if one already runs from the same folder. */
export async function bringUp(config: Config, onProgress: (message: string) => void): Promise<Stack> {
  const running = await readStackRecord(config);
  if (running)
    throw new StackError(
      `${config.stateDir} already has a running stack (process ${running.pid}, ${running.address}): use that one, or end it first`,
    );
  quietRuntime();
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
    await writeStackRecord(config, { address, uiUrl: server.uiUrl, pid: process.pid });
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
