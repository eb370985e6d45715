/**
 * Starts Temporal's development server for the embedded stack, waits until it serves, and stops it.
 * Rule: the server never outlives the process that started it, however that process ends. Its file survives any crash,
 * and no web page gets a response from any of its ports.
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
  /** The SQLite file that stores everything; left out, all is in memory. */
  dbPath?: string;
  /** A free port by default. Pass the same ports after a restart, so that clients find the server again. */
  port?: number;
  uiPort?: number;
  /** Registered at start; Coxswain's by default. At most 10 of type Keyword and 3 of each other fit this store. */
  searchAttributes?: Readonly<Record<string, string>>;
  /** The server's output is appended to this file, which is kept small. */
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
  /** The server's own process: killing it crashes the server and nothing else. */
  pid: number;
  /** Settles when the server's process ends, for whatever reason. */
  ended: Promise<void>;
  /** Stops the server and waits until its process is gone. May be called twice. */
  stop(): Promise<void>;
}

/** The server could not be started; the message ends with the last lines of its log. */
export class TemporalServerFailure extends Error {
  override name = 'TemporalServerFailure';
}

/** Time limit of the start, which takes under a second, but longer on a busy machine or with a large file. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5000;
const PROBE_TIMEOUT_MS = 2000;
const POLL_MS = 50;
const MAX_LOG_BYTES = 8 * 1024 * 1024;
const LOG_TAIL_CHARS = 1500;
/** Most tries to find free ports: another program may take one before the server opens it. */
const PORT_TRIES = 3;
/** Time to wait for a port: a server whose parent has just died needs a moment to end. */
const PORT_TIMEOUT_MS = 5000;

/**
 * The shell becomes the server (`exec`), so the pid is the server's. Before that it starts a guard, which waits for the
 * end of our pipe. The system closes the pipe however our process ends, and then the guard kills the process group. A
 * parent-death signal depends on the thread that started the server, and exists only on Linux. By the umask, the
 * server's files are only for its user.
 */
const GUARDED = 'umask 077; exec 3<&0; (read -r _ <&3; kill -KILL 0) & exec "$@" 3<&- </dev/null';

/**
 * The first value avoids a delay of a second for each timer and retry; exact fairness needs a single partition. The
 * poll limits count for each shard, and this server has a single one: the default of 20 polls a second would allow it
 * five steps of agents a second, since each step is two activities and two workflow tasks.
 */
const DYNAMIC_CONFIG = [
  'history.timerProcessorMaxTimeShift="1ms"',
  'history.transferProcessorMaxPollRPS=1000',
  'history.timerProcessorMaxPollRPS=1000',
  'matching.enableFairness=true',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  // A run that fails to replay is listed after its second failure. By default that takes five, which is two minutes.
  'system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=2',
];

/**
 * The server also serves its API as plain HTTP, on a separate port that can't be switched off, and any web page can
 * post to it. The server accepts only requests to its configured host name, so it gets a random one. gRPC is not
 * affected.
 */
function hideHttpApi(): string {
  return `frontend.httpAllowedHosts=["${randomBytes(16).toString('hex')}.invalid"]`;
}

/** Starts the server; resolves when it serves and has the search attributes. Rejects with `TemporalServerFailure`. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const canMove = options.port === undefined || options.uiPort === undefined;
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await findFreePort());
    const uiPort = options.uiPort ?? (await findFreePort());
    // Otherwise another server on this port would be mistaken for ours.
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
        `port ${port} of ${HOST} is taken: stop the program that listens there, or choose another port`,
      );
    }
    await wait(POLL_MS);
  }
}

interface Ports {
  port: number;
  /** The port at which people open the UI; `ui` is the address at which the UI itself listens. */
  uiPort: number;
  ui: HiddenUi;
}

/** Opens the proxy of the UI; returns undefined on success, else what went wrong. */
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
  // The server gets its own process group: Ctrl-C must reach only us, because we stop the worker before the server.
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
  // The end of the pipe also ends the guard.
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

/** Waits until the server serves; returns undefined on success, else what went wrong. */
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
    // A client that connects too early backs off for a second, so look at the port first.
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
  // After the process is reaped, its pid may belong to another process.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The process ended in between.
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
