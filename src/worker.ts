/**
 * The worker: joins configuration, adapters, activities and workflows; one Temporal worker for each role's task queue.
 * Rule: the parts are joined only here. Where isolation fails, the worker does not poll for commands.
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
import { mendRepeatedly } from './client/mend-runs.ts';
import type { SealRecord } from './client/seal-record.ts';
import { meetWorkers } from './client/seal-record.ts';
import { untilReached } from './client/until-reached.ts';
import type { Config, WorkerRole } from './config.ts';
import { hostQueue, modelQueue, nameWorker, workspaceQueue } from './core/task-queues.ts';
import { identifyHub } from './git/remote/hub-identity.ts';
import { openModel } from './model/call-model.ts';
import { listReceiverSecrets } from './notify/receivers.ts';
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
 * Time to end running commands, so that their activities are retried on another host. Temporal's default is no time.
 */
const SHUTDOWN_GRACE = '5 seconds';
/** An activity that ignores cancellation must not hold the process for ever. */
const SHUTDOWN_FORCE = '15 seconds';
/**
 * A cancellation arrives with a heartbeat, and by default heartbeats are delayed by up to 8 of their timeout's 10 s.
 */
const HEARTBEAT_THROTTLE = '1 second';
/**
 * Longest time in which core is loaded, or a workflow handles a task, before that fails. Temporal's default is 5 s,
 * which loading takes on a very busy machine. The setting is not in Temporal's types.
 */
const WORKFLOW_CODE_TIMEOUT = { isolateExecutionTimeout: '1 minute' };
/** Most commands and model calls at one time on a host; more commands would only compete for its cores. */
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
  /** Folders below which a start may name repositories by path, if the configuration names none. */
  defaultRoots: string[];
  /** Prints for people what the worker did by itself. */
  say?: (line: string) => void;
}

export interface RunningWorker {
  /** Resolves when the workers of all task queues have ended; rejects when one of them fails. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** Connects, proves isolation if commands run on this worker, and starts polling. */
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
    void mendRepeatedly(client, config.taskQueue, { signal: mending.signal, say });
  }
  const ended = Promise.all(runs)
    .then(() => undefined)
    .finally(async () => {
      mending.abort();
      await connection.close();
    });
  // A caller that waits for `ended` gets the failure. Without such a caller, the failure must not end the process.
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

/** Compares this worker's hub with the other workers'. If that is not possible now, says so and goes on. */
async function compareHubs(client: Client, config: Config, where: string, say: (line: string) => void): Promise<void> {
  const { hub, stateDir, hostname: machine, taskQueue } = config;
  try {
    const identity = await identifyHub(hub, { stateDir, machine });
    await joinHub(client, { taskQueue, where, stateDir, hub: identity, say });
  } catch (error) {
    if (error instanceof HubError) throw error;
    say(`can't compare this hub with that of the other workers of ${where}: ${String(error)}`);
  }
}

/** The caller has just reached the server, so a server that is away now is being restarted: wait for it. */
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
          ...WORKFLOW_CODE_TIMEOUT,
          // Only workflow code is pinned to a version: activities have no history that they must fit.
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
    committer: config.committer,
    github: config.github,
    receivers: config.receivers,
    roots: config.roots ?? parts.defaultRoots.map((path) => ({ kind: 'path', path })),
    setupNetwork: config.setupNetwork,
    isolation: isolation.kind,
    workspaces: openWorkspaces({ stateDir: config.stateDir, isolation }),
    model: openModel({ ...parts.model, ...model, proxies: config.remoteEnvironment }),
    commandTimeoutMs: config.commandTimeoutMs,
    retentionDays: config.retentionDays,
  };
}

/** The data converter of workers and of replays: it reads all payloads, and marks which ones have a valid seal. */
export function openDataConverter(keys: KeyRing, namespace: string): DataConverter {
  return {
    payloadConverterPath: siblingPath('./workflows/payload-converter.ts'),
    payloadCodecs: [createSealCodec(keys, namespace)],
  };
}

/** Configured secrets: keys, tokens, and passwords in addresses. */
function listSecrets(config: Config, { model, connection }: WorkerParts): (string | undefined)[] {
  const addresses = [config.hub, ...Object.values(config.remoteEnvironment)];
  const passwords = addresses.flatMap((address) => {
    const [, user, password] = /^[a-z+]+:\/\/([^/@:]*):?([^/@]*)@/i.exec(address) ?? [];
    return password ? [password, unescapeUrl(password)] : [user === 'git' ? undefined : user];
  });
  const key = connection?.apiKey;
  return [
    model.apiKey,
    config.github?.token,
    ...listReceiverSecrets(config.receivers),
    ...(typeof key === 'string' ? [key] : []),
    ...passwords,
  ];
}

function unescapeUrl(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The isolation for commands, proven by running some in it. A worker without the role `workspace` needs none. */
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

let isQuiet = false;

/** Hides Temporal's log lines except errors. Call it before any other function of a worker. */
export function quietRuntime(): void {
  if (isQuiet) return;
  isQuiet = true;
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
}

/** The path of a module relative to this one; compiled code has another file ending. */
function siblingPath(relative: string): string {
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(relative.replace(/\.ts$/, ending), import.meta.url));
}
