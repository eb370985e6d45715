/**
 * Starts Temporal's development server for the embedded stack, waits until it serves, and stops it.
 * Rule: it never outlives the process that started it, however that ends, what its file holds survives any end, and no
 * web page is answered by any of its ports.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../core/search-attributes.ts';
import { chooseHiddenIp, guardUi } from './guard-ui.ts';
import type { HiddenUi } from './guard-ui.ts';
import { findFreePort, HOST, isListening, isPortFree } from './ports.ts';
import { findMissingSearchAttributes } from '../client/search-attributes.ts';

export interface TemporalServerOptions {
  /** The `temporal` program, as `findTemporal` returns it. */
  temporalPath: string;
  /** The SQLite file that keeps everything; left out, all is in memory. */
  dbPath?: string;
  /** Left out, a free one. Give the former ones to be found again after a restart. */
  port?: number;
  uiPort?: number;
  /** Registered at start; Coxswain's by default. At most 10 of type Keyword and 3 of each other fit this store. */
  searchAttributes?: Readonly<Record<string, string>>;
  /** What the server prints is appended here; kept small. */
  logPath: string;
  namespace?: string;
  startTimeoutMs?: number;
}

export interface TemporalServer {
  /** Host and port of the gRPC service. */
  address: string;
  uiUrl: string;
  port: number;
  uiPort: number;
  /** Of the server itself: killing it is a crash of the server, nothing else. */
  pid: number;
  /** Settles when the server's process ends, for whatever reason. */
  ended: Promise<void>;
  /** Ends it and waits until it is gone. May be called twice. */
  stop(): Promise<void>;
}

/** The server could not be started; the message ends with the last lines of its log. */
export class TemporalServerFailure extends Error {
  override name = 'TemporalServerFailure';
}

/** It starts in under a second; a busy machine or a large file takes longer. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5000;
const PROBE_TIMEOUT_MS = 2000;
const POLL_MS = 50;
const MAX_LOG_BYTES = 8 * 1024 * 1024;
const LOG_TAIL_CHARS = 1500;
/** Another program may take a port between our look and the server's start. */
const PORT_TRIES = 3;
/** A server whose owner has just died takes a moment to die too. */
const PORT_TIMEOUT_MS = 5000;

/**
 * The shell becomes the server (`exec`), so the pid is the server's. Before that it leaves a guard behind, which waits
 * for the end of our pipe: the system closes that however we end, and then the guard kills the group. A parent-death
 * signal would do as well, but is bound to the thread that started the server, and to Linux. What the server makes is
 * its user's alone.
 */
const GUARDED = 'umask 077; exec 3<&0; (read -r _ <&3; kill -KILL 0) & exec "$@" 3<&- </dev/null';

/** Exact fairness needs a single partition; without the first value each timer and retry takes at least a second. */
const DYNAMIC_CONFIG = [
  'history.timerProcessorMaxTimeShift="1ms"',
  'matching.enableFairness=true',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
];

/**
 * The server also serves its API as plain HTTP, on a port of its own that can't be switched off, to anybody who posts:
 * also to a web page. It looks at the name that it is asked by, so it gets one that nobody knows; gRPC is not affected.
 */
function hideHttpApi(): string {
  return `frontend.httpAllowedHosts=["${randomBytes(16).toString('hex')}.invalid"]`;
}

/** Starts the server and returns when it serves and knows the search attributes. Throws `TemporalServerFailure`. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const canMove = options.port === undefined || options.uiPort === undefined;
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await findFreePort());
    const uiPort = options.uiPort ?? (await findFreePort());
    // Or the server that is there already would be taken for ours.
    for (const asked of [port, uiPort]) await waitUntilFree(asked);
    const ui = { ip: chooseHiddenIp(), port: await findFreePort() };
    const server = await launch(options, { port, uiPort, ui });
    const trouble = (await waitUntilServing(server, ui, options)) ?? (await openUi(server, ui));
    if (trouble === undefined) return server;
    await server.stop();
    const log = await readTail(options.logPath);
    if (canMove && attempt < PORT_TRIES && /already in use|EADDRINUSE/i.test(`${trouble}\n${log}`)) continue;
    throw new TemporalServerFailure(
      `the Temporal server (${options.temporalPath}) at ${server.address} ${trouble}; the end of ${options.logPath}:\n${log}`,
    );
  }
}

async function waitUntilFree(port: number): Promise<void> {
  const deadline = Date.now() + PORT_TIMEOUT_MS;
  while (!(await isPortFree(port))) {
    if (Date.now() > deadline) {
      throw new TemporalServerFailure(
        `port ${port} of ${HOST} is taken: end what listens there, or choose another port`,
      );
    }
    await wait(POLL_MS);
  }
}

interface Ports {
  port: number;
  /** Where people find the UI, and where it really listens. */
  uiPort: number;
  ui: HiddenUi;
}

/** Undefined when the UI can be asked for, else what went wrong. */
async function openUi(server: TemporalServer, ui: HiddenUi): Promise<string | undefined> {
  try {
    const guard = await guardUi(server.uiPort, ui);
    void server.ended.then(() => guard.close());
    return undefined;
  } catch (error) {
    return `has no port for its UI: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function launch(options: TemporalServerOptions, ports: Ports): Promise<TemporalServer> {
  const { port, uiPort } = ports;
  await mkdir(dirname(options.logPath), { recursive: true });
  if (options.dbPath) await mkdir(dirname(options.dbPath), { recursive: true });
  await rotate(options.logPath);
  const log = await open(options.logPath, 'a', 0o600);
  // A group of its own: Ctrl-C is for us, who stop the worker before the server.
  const child = spawn('sh', ['-c', GUARDED, 'sh', options.temporalPath, ...serverArguments(options, ports)], {
    detached: true,
    stdio: ['pipe', log.fd, log.fd],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  await log.close();
  child.stdin?.on('error', () => undefined);
  // Its end is the guard's sign to leave as well.
  void ended.then(() => child.stdin?.destroy());
  return {
    address: `${HOST}:${port}`,
    uiUrl: `http://${HOST}:${uiPort}`,
    port,
    uiPort,
    pid: child.pid ?? -1,
    ended,
    stop: () => stop(child, ended),
  };
}

function serverArguments(options: TemporalServerOptions, { port, ui }: Ports): string[] {
  const attributes = Object.entries(options.searchAttributes ?? SEARCH_ATTRIBUTES);
  return [
    'server',
    'start-dev',
    '--ip',
    HOST,
    '--port',
    String(port),
    '--ui-ip',
    ui.ip,
    '--ui-port',
    String(ui.port),
    '--log-level',
    'warn',
    ...(options.dbPath ? ['--db-filename', options.dbPath] : []),
    ...(options.namespace ? ['--namespace', options.namespace] : []),
    ...attributes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ...[...DYNAMIC_CONFIG, hideHttpApi()].flatMap((value) => ['--dynamic-config-value', value]),
  ];
}

/** Undefined when it serves, else what went wrong. */
async function waitUntilServing(
  server: TemporalServer,
  ui: HiddenUi,
  options: TemporalServerOptions,
): Promise<string | undefined> {
  const namespace = options.namespace ?? 'default';
  const timeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS;
  const deadline = Date.now() + timeoutMs;
  let hasEnded = false;
  void server.ended.then(() => {
    hasEnded = true;
  });
  while (Date.now() < deadline) {
    if (hasEnded) return 'ended before it served';
    // The client's own connecting backs off for a second when it comes too early.
    const isServer =
      (await isListening(server.port)) &&
      (await isListening(ui.port, ui.ip)) &&
      (await isServing(server.address, namespace, options.searchAttributes === undefined));
    if (isServer && !hasEnded) return undefined;
    await wait(POLL_MS);
  }
  return `did not serve within ${timeoutMs / 1000} s`;
}

async function isServing(address: string, namespace: string, withOurAttributes: boolean): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: PROBE_TIMEOUT_MS });
    const opened = connection;
    return await opened.withDeadline(Date.now() + PROBE_TIMEOUT_MS, async () => {
      await opened.workflowService.describeNamespace({ namespace });
      return !withOurAttributes || (await findMissingSearchAttributes(opened, namespace)).length === 0;
    });
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  signalGroup(child, 'SIGTERM');
  const grace = new AbortController();
  await Promise.race([ended, wait(STOP_TIMEOUT_MS, undefined, { signal: grace.signal }).catch(() => undefined)]);
  grace.abort();
  signalGroup(child, 'SIGKILL');
  await ended;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  // Once the process is reaped its number may be another's.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Gone in between.
  }
}

async function rotate(logPath: string): Promise<void> {
  const bytes = await stat(logPath).then(
    ({ size }) => size,
    () => 0,
  );
  if (bytes > MAX_LOG_BYTES) await rename(logPath, `${logPath}.1`);
}

async function readTail(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).slice(-LOG_TAIL_CHARS).trim();
}
