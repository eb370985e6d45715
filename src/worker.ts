/**
 * The worker: joins configuration, adapters, activities and workflows, one Temporal worker for each role's queue.
 * Rule: this is the only place where the parts are joined; where isolation fails, no command is ever polled for.
 */
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { WorkerOptions } from '@temporalio/worker';
import { DefaultLogger, NativeConnection, Runtime, TransportError, Worker } from '@temporalio/worker';
import type { ActivityContext } from './activities/attempt/context.ts';
import { hideSecrets } from './activities/attempt/failures.ts';
import { createControlActivities, createModelActivities, createWorkspaceActivities } from './activities/index.ts';
import { HubError, joinHub } from './client/join-hub.ts';
import { keepMending } from './client/mend-runs.ts';
import type { SealRecord } from './client/seal-record.ts';
import { meetWorkers } from './client/seal-record.ts';
import { untilReached } from './client/until-reached.ts';
import type { Config, WorkerRole } from './config.ts';
import { hostQueue, modelQueue, nameWorker, workspaceQueue } from './core/task-queues.ts';
import { identifyHub } from './git/remote/hub-identity.ts';
import { openModel } from './model/call-model.ts';
import type { Isolation } from './sandbox/isolation/isolation.ts';
import { openExternal } from './sandbox/isolation/open-external.ts';
import { openIsolation } from './sandbox/isolation/open-isolation.ts';
import { openWorkspaces } from './sandbox/workspace/workspaces.ts';
import { createSealCodec } from './seal/codec.ts';
import type { KeyRing } from './seal/key-ring.ts';
import { joinWorkers, openKeys } from './seal/open-keys.ts';
import { unsealActivities } from './seal/unseal-activities.ts';
import { bundleWorkflows } from './stack/bundle-workflows.ts';
import { nameHost } from './stack/name-host.ts';
import { claimStateFolder } from './stack/state-folder.ts';

/**
 * Running commands are ended and their agents' activities retried elsewhere; Temporal's default would wait for none.
 */
const SHUTDOWN_GRACE = '5 seconds';
/** An activity that ignores cancellation must not hold the process for ever. */
const SHUTDOWN_FORCE = '15 seconds';
/** A cancellation arrives with a heartbeat; by default these are held back for 8 of the 10 seconds of their timeout. */
const HEARTBEAT_THROTTLE = '1 second';
/** Two model calls or commands a core wait mostly for others; more would only queue on the host. */
const MAX_COMMANDS = 8;
const MAX_MODEL_CALLS = 50;

/** Why this host can't run commands, and what to do. */
export class IsolationError extends Error {
  override name = 'IsolationError';
}

export interface WorkerParts {
  address: string;
  namespace: string;
  /** TLS and API key of a configured Temporal; left out for the embedded server. */
  connection?: Omit<Parameters<typeof NativeConnection.connect>[0] & object, 'address'>;
  /** The model in use: a configured one, or the offline model at its address. */
  model: { name: string; apiKey: string; baseUrl?: string };
  /** Folders under which repositories may be named by path, where the configuration names none. */
  defaultRoots: string[];
  /** Tells people what it did by itself. */
  say?: (line: string) => void;
}

export interface RunningWorker {
  /** Resolves when all queues' workers have ended; rejects when one of them fails. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** Connects, proves isolation where commands will run, and starts polling. */
export async function startWorker(config: Config, parts: WorkerParts): Promise<RunningWorker> {
  const context = await openContext(config, parts);
  const keys = await openKeys(config.seal);
  const connection = await connect(parts);
  const { namespace, say = () => undefined } = parts;
  const client = new Client({ connection, namespace });
  const { taskQueue, seal: place, stateDir } = config;
  const meet = async (ids: readonly string[]): Promise<SealRecord> => await meetWorkers(client, taskQueue, ids);
  const where = `${namespace}, queue ${taskQueue}`;
  try {
    await joinWorkers({ keys, place, stateDir, where, meet, say });
    await compareHubs(client, config, where, say);
  } catch (error) {
    await connection.close();
    throw error;
  }
  const created = await Promise.all(
    config.roles.map((role) => createWorkers(role, config, parts, context, connection, keys)),
  );
  const workers = created.flat();
  const runs = workers.map((worker) => worker.run());
  const mending = new AbortController();
  if (config.roles.includes('control')) {
    void keepMending(client, config.taskQueue, { signal: mending.signal, say });
  }
  const ended = Promise.all(runs)
    .then(() => undefined)
    .finally(async () => {
      mending.abort();
      await connection.close();
    });
  // A failure is seen by whoever waits for `ended`; nobody waiting must not end the process.
  ended.catch(() => undefined);
  return {
    ended,
    stop: async () => {
      mending.abort();
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
      await context.workspaces.close();
    },
  };
}

/** A hub that can't be told from others now holds runs by itself, and says why. */
async function compareHubs(client: Client, config: Config, where: string, say: (line: string) => void): Promise<void> {
  const { hub, stateDir, hostname: machine, taskQueue } = config;
  try {
    const identity = await identifyHub(hub, { stateDir, machine });
    await joinHub(client, { taskQueue, where, stateDir, hub: identity, say });
  } catch (error) {
    if (error instanceof HubError) throw error;
    say(`whether the workers of ${where} have this hub is not known: ${String(error)}`);
  }
}

/** Whoever starts a worker has just reached the server: one that is gone now is being restarted, and waited for. */
async function connect({ address, connection }: WorkerParts): Promise<NativeConnection> {
  const isAway = (error: unknown): error is Error => error instanceof TransportError;
  try {
    return await untilReached(async () => await NativeConnection.connect({ address, ...connection }), isAway);
  } catch (error) {
    if (!isAway(error)) throw error;
    throw new Error(`Temporal at ${address} can't be reached any more: ${error.message}`, { cause: error });
  }
}

async function createWorkers(
  role: WorkerRole,
  config: Config,
  parts: WorkerParts,
  context: ActivityContext,
  connection: NativeConnection,
  keys: KeyRing,
): Promise<Worker[]> {
  const shared: WorkerOptions = {
    connection,
    namespace: parts.namespace,
    taskQueue: config.taskQueue,
    identity: nameWorker({ pid: process.pid, machine: config.hostname, host: context.host }),
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    dataConverter: openDataConverter(keys, parts.namespace),
    interceptors: { activity: [unsealActivities(keys)] },
  };
  switch (role) {
    case 'control':
      return [
        await Worker.create({
          ...shared,
          workflowBundle: await bundleWorkflows(),
          // Runs stay with the version that began them; what the other queues do has no history to keep to.
          ...(config.version ? { workerDeploymentOptions: pinTo(config.version) } : {}),
          activities: createControlActivities(context),
        }),
      ];
    case 'model':
      return [
        await Worker.create({
          ...shared,
          taskQueue: modelQueue(config.taskQueue),
          activities: createModelActivities(context),
          maxConcurrentActivityTaskExecutions: MAX_MODEL_CALLS,
        }),
      ];
    case 'workspace':
      return await Promise.all(
        [workspaceQueue(config.taskQueue), hostQueue(config.taskQueue, context.host)].map((taskQueue) =>
          Worker.create({
            ...shared,
            taskQueue,
            activities: createWorkspaceActivities(context),
            maxConcurrentActivityTaskExecutions: MAX_COMMANDS,
          }),
        ),
      );
  }
}

function pinTo(version: NonNullable<Config['version']>): NonNullable<WorkerOptions['workerDeploymentOptions']> {
  return { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' };
}

async function openContext(config: Config, parts: WorkerParts): Promise<ActivityContext> {
  await claimStateFolder(config.stateDir);
  hideSecrets(listSecrets(config, parts));
  const isolation = await proveIsolation(config);
  const { remote: _, ...model } = config.model;
  return {
    stateDir: config.stateDir,
    host: await nameHost(config.stateDir),
    hub: config.hub,
    policies: config.policies,
    remoteEnvironment: config.remoteEnvironment,
    github: config.github,
    roots: config.roots ?? parts.defaultRoots.map((path) => ({ kind: 'path', path })),
    setupNetwork: config.setupNetwork,
    isolation: isolation.kind,
    workspaces: openWorkspaces({ stateDir: config.stateDir, isolation }),
    model: openModel({ ...parts.model, ...model }),
    commandTimeoutMs: config.commandTimeoutMs,
    retentionDays: config.retentionDays,
  };
}

/** The converter of workers and of whoever replays what they did: it reads everything, and believes what was sealed. */
export function openDataConverter(keys: KeyRing, namespace: string): DataConverter {
  return {
    payloadConverterPath: siblingPath('./workflows/payload-converter.ts'),
    payloadCodecs: [createSealCodec(keys, namespace)],
  };
}

/** Values that were configured and are nobody's to read: keys, tokens, and passwords in addresses. */
function listSecrets(config: Config, { model, connection }: WorkerParts): (string | undefined)[] {
  const addresses = [config.hub, ...Object.values(config.remoteEnvironment)];
  const passwords = addresses.flatMap((address) => {
    const [, user, password] = /^[a-z+]+:\/\/([^/@:]*):?([^/@]*)@/i.exec(address) ?? [];
    return password ? [password, unescapeUrl(password)] : [user === 'git' ? undefined : user];
  });
  const key = connection?.apiKey;
  return [model.apiKey, config.github?.token, ...(typeof key === 'string' ? [key] : []), ...passwords];
}

function unescapeUrl(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The isolation that commands get, proven by running some in it; a worker without commands needs none. */
async function proveIsolation(config: Config): Promise<Isolation> {
  if (config.isolation === 'none' || !config.roles.includes('workspace')) return { kind: 'none' };
  const search = { cacheDir: config.cacheDir, ...(config.bwrap ? { configured: config.bwrap } : {}) };
  if (config.isolation === 'external') return await openExternal(search);
  const finding = await openIsolation({
    ...search,
    folder: config.stateDir,
    overlay: config.overlay,
    toolchains: config.toolchains,
  });
  if (finding.kind === 'proven') return finding.isolation;
  throw new IsolationError(`commands would not be isolated on this host: ${finding.reason}`);
}

/** Keeps Temporal's own log lines out of people's terminals, but for errors; call before anything else of a worker. */
export function quietRuntime(): void {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
}

/** A module's path beside this one; compiled code has another ending. */
function siblingPath(relative: string): string {
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(relative.replace(/\.ts$/, ending), import.meta.url));
}
