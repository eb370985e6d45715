/**
 * The processes of a chaos run: the Temporal server with its file, a git daemon for hub and repository, and workers of
 * one role each. Each worker is a separate host with its own state folder.
 * Rule: workers run the product's own entry point. A process that ends is started again, as a service supervisor would
 * do, and an end that the bench did not cause is recorded.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TemporalServer } from '../../src/stack/start-temporal-server.ts';
import { startTemporalServer } from '../../src/stack/start-temporal-server.ts';
import { startDaemon } from './git-daemon.ts';
import { makeKey, writePolicies } from './organisation.ts';
import type { Role } from './schedule.ts';

const ENTRY = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
/** Two workers of each role, so that another one takes over while one is frozen or dead. */
const WORKERS: Record<Role, number> = { control: 2, model: 2, workspace: 2 };
/** Delay before a worker that ended is started again. */
const AGAIN_MS = 1000;
const READY_MS = 90_000;
/** Time for a worker to drain; longer than its own forced shutdown. */
const DRAIN_MS = 40_000;
const LOOK_MS = 50;
const OUTPUT_KEPT = 20_000;

export interface Worker {
  name: string;
  role: Role;
  stateDir: string;
  /** `up` means that the worker has printed that it works; only then is it hit. */
  state: 'starting' | 'up' | 'frozen' | 'draining' | 'down';
  pid: number;
  output: string;
}

export interface Fleet {
  folder: string;
  taskQueue: string;
  address: string;
  /** Git URLs at the daemon; `paths` has the folders of these repositories. */
  urls: { hub: string; repository: string };
  paths: { hub: string; repository: string };
  workers: Worker[];
  server: { state: 'up' | 'down' };
  /** Pids of the processes that should run. */
  ownPids(): Set<number>;
  /** Ends of workers that the bench did not cause. */
  accidents: string[];
  kill(worker: Worker, options: { whole: boolean; downMs: number }): Promise<void>;
  freeze(worker: Worker, options: { whole: boolean; frozenMs: number }): Promise<void>;
  drain(worker: Worker, options: { downMs: number }): Promise<void>;
  crashServer(options: { downMs: number }): Promise<void>;
  /** Resolves when everything is up. */
  whole(): Promise<void>;
  /** Drains all workers, then ends the rest. */
  close(): Promise<void>;
}

export interface FleetOptions {
  folder: string;
  temporalPath: string;
  taskQueue: string;
  /** The model's base URL for a worker. */
  modelUrlOf: (worker: string) => string;
}

/** Names of a fleet's workers of one role. */
export function workerNames(role: Role): string[] {
  return Array.from({ length: WORKERS[role] }, (_, index) => `${role}-${index + 1}`);
}

/** Starts all processes and resolves when all of them work. The repositories must exist. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { folder, temporalPath, taskQueue } = options;
  const daemon = await startDaemon(folder);
  const files = { temporalPath, dbPath: join(folder, 'temporal.db'), logPath: join(folder, 'temporal.log') };
  let server: TemporalServer = await startTemporalServer(files);
  const { port, uiPort, address } = server;
  const accidents: string[] = [];
  const hosts: Host[] = [];
  const fleet: Fleet = {
    folder,
    taskQueue,
    address,
    urls: { hub: `${daemon.url}/hub.git`, repository: `${daemon.url}/repository.git` },
    paths: { hub: join(folder, 'hub.git'), repository: join(folder, 'repository.git') },
    workers: [],
    server: { state: 'up' },
    accidents,
    ownPids: () => new Set([...fleet.workers.map(({ pid }) => pid), server.pid, daemon.pid]),
    kill: (worker, blow) => hostOf(hosts, worker).kill(blow),
    freeze: (worker, blow) => hostOf(hosts, worker).freeze(blow),
    drain: (worker, blow) => hostOf(hosts, worker).drain(blow),
    crashServer: async ({ downMs }) => {
      fleet.server.state = 'down';
      process.kill(server.pid, 'SIGKILL');
      await server.ended;
      await delay(downMs);
      server = await startTemporalServer({ ...files, port, uiPort });
      fleet.server.state = 'up';
    },
    whole: async () => {
      const deadline = Date.now() + READY_MS;
      while (fleet.server.state !== 'up' || fleet.workers.some(({ state }) => state !== 'up')) {
        if (Date.now() > deadline) throw new Error(`never whole again: ${fleet.workers.map(describe).join('; ')}`);
        await delay(LOOK_MS);
      }
    },
    close: async () => {
      await Promise.all(hosts.map((host) => host.close()));
      await server.stop();
      await daemon.stop();
      process.off('exit', killAll);
    },
  };
  // Workers have their own process groups, which would survive this process. The server has a guard against that.
  const killAll = (): void => {
    for (const worker of fleet.workers) signal(worker, 'SIGKILL', true);
    daemon.kill();
  };
  process.on('exit', killAll);
  for (const role of Object.keys(WORKERS) as Role[]) {
    for (const name of workerNames(role)) {
      const host = await openHost({ name, role, fleet, modelUrl: options.modelUrlOf(name) });
      hosts.push(host);
      fleet.workers.push(host.worker);
    }
  }
  await fleet.whole();
  return fleet;
}

/** A worker in one line, with its last output if it is not up. */
function describe({ name, state, output }: Worker): string {
  return state === 'up' ? `${name} up` : `${name} ${state}: ${output.slice(-300)}`;
}

interface Host {
  worker: Worker;
  kill(options: { whole: boolean; downMs: number }): Promise<void>;
  freeze(options: { whole: boolean; frozenMs: number }): Promise<void>;
  drain(options: { downMs: number }): Promise<void>;
  close(): Promise<void>;
}

function hostOf(hosts: readonly Host[], worker: Worker): Host {
  const host = hosts.find((other) => other.worker === worker);
  if (!host) throw new Error(`${worker.name} is not of this fleet`);
  return host;
}

interface HostOptions {
  name: string;
  role: Role;
  fleet: Fleet;
  modelUrl: string;
}

async function openHost({ name, role, fleet, modelUrl }: HostOptions): Promise<Host> {
  const stateDir = join(fleet.folder, name);
  await mkdir(stateDir, { recursive: true });
  const worker: Worker = { name, role, stateDir, state: 'down', pid: -1, output: '' };
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: fleet.address,
    COXSWAIN_STATE: stateDir,
    COXSWAIN_HUB: fleet.urls.hub,
    // The daemon is on loopback and unencrypted, so it has to be listed.
    COXSWAIN_ROOTS: fleet.urls.repository,
    COXSWAIN_POLICIES: await writePolicies(fleet.folder),
    COXSWAIN_SEAL: await makeKey(fleet.folder),
    COXSWAIN_TASK_QUEUE: fleet.taskQueue,
    COXSWAIN_ROLES: role,
    ...(role === 'model' ? { OPENAI_BASE_URL: modelUrl, COXSWAIN_MODEL: 'scripted' } : {}),
  };
  let ended: Promise<void> = Promise.resolve();
  let isClosing = false;
  const start = (): void => {
    if (isClosing) return;
    const child = spawnWorker(worker, env);
    ended = new Promise<void>((resolve) => {
      child.once('exit', (code, signal) => {
        const { state } = worker;
        worker.state = 'down';
        resolve();
        if (isClosing || state === 'down') return;
        // The bench did not kill it: a drain failed, or the worker ended by itself.
        if (state === 'draining' && code === 0) return;
        fleet.accidents.push(
          `${name} (${state}) ended by itself with ${code ?? signal}: ${worker.output.trim().slice(-400)}`,
        );
        if (state !== 'draining') setTimeout(start, AGAIN_MS);
      });
    });
  };
  const startAgain = async (downMs: number): Promise<void> => {
    await ended;
    await delay(downMs);
    start();
  };
  start();
  return {
    worker,
    kill: async ({ whole, downMs }) => {
      worker.state = 'down';
      signal(worker, 'SIGKILL', whole);
      await startAgain(downMs);
    },
    freeze: async ({ whole, frozenMs }) => {
      worker.state = 'frozen';
      signal(worker, 'SIGSTOP', whole);
      await delay(frozenMs);
      signal(worker, 'SIGCONT', whole);
      if (worker.state === 'frozen') worker.state = 'up';
    },
    drain: async ({ downMs }) => {
      await end(worker, ended, fleet.accidents);
      await startAgain(downMs);
    },
    close: async () => {
      isClosing = true;
      if (worker.state !== 'down') await end(worker, ended, fleet.accidents);
    },
  };
}

/** Ends a worker by SIGTERM; if it does not end, records that and kills it. */
async function end(worker: Worker, ended: Promise<void>, accidents: string[]): Promise<void> {
  worker.state = 'draining';
  signal(worker, 'SIGTERM', false);
  const late = new AbortController();
  const inTime = await Promise.race([
    ended.then(() => true),
    delay(DRAIN_MS, false, { signal: late.signal }).catch(() => true),
  ]);
  late.abort();
  if (inTime) return;
  accidents.push(`${worker.name} had not ended ${DRAIN_MS / 1000} s after SIGTERM: ${worker.output.slice(-400)}`);
  signal(worker, 'SIGKILL', true);
  await ended;
}

/** Starts a worker in its own process group, so that it can be hit with all its children. */
function spawnWorker(worker: Worker, env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, [ENTRY, 'worker'], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  worker.pid = child.pid ?? -1;
  worker.state = 'starting';
  worker.output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      worker.output = (worker.output + chunk.toString()).slice(-OUTPUT_KEPT);
      if (worker.state === 'starting' && worker.output.includes('working on')) worker.state = 'up';
    });
  }
  return child;
}

function signal({ pid }: Worker, name: NodeJS.Signals, whole: boolean): void {
  // To `kill`, -1 means all processes.
  if (pid <= 1) return;
  try {
    process.kill(whole ? -pid : pid, name);
  } catch {
    // The process is gone already.
  }
}
