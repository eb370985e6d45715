/**
 * Starts short programs from a small helper process. To start a program the system copies the page tables of the
 * starting process: from a worker of 400 MB that takes ten to a hundred times as long.
 * Rule: only an optimisation. While the helper is not ready or gone, programs are started directly. It ends with this
 * process, and no other process can use it, since connections start with a secret word.
 */
import type { ChildProcess } from 'node:child_process';
import { fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** With less memory than this, starting a program directly is faster. */
const LARGE_BYTES = 120 * 1024 * 1024;
/** Timeout of a connection's greeting: our own is written at once. */
const GREETING_MS = 10_000;
/** Longer than our own greetings. */
const MAX_GREETING_BYTES = 100;

export interface Program {
  file: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
}

/** A running program. The caller must read its outputs and end its input. */
export interface StartedProgram {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** The exit status once the program and its outputs have ended; null after a signal. Rejects if it did not start. */
  ended: Promise<number | null>;
  kill(): void;
}

/** A message to the helper process. */
export type StarterRequest =
  /** For each greeting, the helper opens a connection to `address` that starts with it, as one of the streams. */
  ({ kind: 'start'; id: number; address: string; greetings: string[] } & Program) | { kind: 'kill'; id: number };

/** A message from the helper process: it is ready, a program ended, or a program could not be started. */
export type StarterReport =
  | { kind: 'ready' }
  | { kind: 'exit'; id: number; status: number | null }
  | { kind: 'failed'; id: number; message: string };

/** The streams of a program in the order of their descriptors. */
const STREAMS = ['stdin', 'stdout', 'stderr'] as const;

/** Starts a program with pipes for its standard streams. */
export async function startProgram(program: Program): Promise<StartedProgram> {
  return (await findStarter()?.start(program)) ?? startDirectly(program);
}

function startDirectly({ file, args, cwd, env }: Program): StartedProgram {
  const child = spawn(file, args, { cwd, env, stdio: 'pipe' });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  ended.catch(() => undefined);
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, kill: () => child.kill('SIGKILL') };
}

let starter: Starter | undefined;

/** The helper, if it is worthwhile and ready. The first call only starts it, without waiting. */
function findStarter(): Starter | undefined {
  // Other systems start programs without this copy.
  if (process.platform !== 'linux') return undefined;
  if (starter?.isGone) starter = undefined;
  if (!starter && process.memoryUsage.rss() > LARGE_BYTES) starter = new Starter();
  return starter?.isReady ? starter : undefined;
}

/** A program that the helper was asked to start. */
class Asked {
  readonly streams = new Map<string, Socket>();
  readonly connected = Promise.withResolvers<void>();
  readonly exit = Promise.withResolvers<number | null>();
  /** The helper could not start the program, so it did not run. */
  isRefused = false;

  constructor() {
    // A program that ends without reading its input must not block a writer.
    const { promise } = this.exit;
    void promise.catch(() => undefined).then(() => this.streams.get('stdin')?.destroy());
  }

  connect(name: string, socket: Socket): void {
    this.streams.set(name, socket);
    if (this.streams.size === STREAMS.length) this.connected.resolve();
  }
}

class Starter {
  isReady = false;
  isGone = false;
  private readonly word = randomBytes(16).toString('hex');
  /** An abstract socket: it leaves no file, and sandboxes with their own network namespace can't reach it. */
  private readonly address = `\0coxswain-${randomBytes(16).toString('hex')}`;
  private readonly asked = new Map<number, Asked>();
  private readonly child: ChildProcess;
  private readonly server: Server;
  private lastId = 0;

  constructor() {
    const file = `starter-program.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
    // In our own group, so that killing the group kills its programs too. Without environment: no secrets.
    this.child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      env: {},
      execArgv: [],
      stdio: 'ignore',
    });
    this.child.on('message', (report: StarterReport) => this.take(report));
    this.child.on('error', () => this.leave());
    this.child.on('exit', () => this.leave());
    this.server = createServer((socket) => this.greet(socket));
    this.server.on('error', () => this.leave());
    this.server.listen(this.address);
    this.server.unref();
    this.child.unref();
    this.child.channel?.unref();
  }

  /** Starts a program; undefined if the helper could not, in which case the program did not run. */
  async start(program: Program): Promise<StartedProgram | undefined> {
    const id = ++this.lastId;
    const asked = new Asked();
    this.asked.set(id, asked);
    this.child.channel?.ref();
    // A program may end before this process has accepted its connections.
    const exit = asked.exit.promise
      .then(async (status) => await asked.connected.promise.then(() => status))
      .finally(() => this.forget(id));
    exit.catch(() => undefined);
    const greetings = STREAMS.map((name) => `${this.word} ${id} ${name}\n`);
    this.tell({ kind: 'start', id, address: this.address, greetings, ...program });
    try {
      await Promise.race([asked.connected.promise, exit]);
    } catch (error) {
      if (asked.isRefused) return undefined;
      throw error;
    }
    const [stdin, stdout, stderr] = STREAMS.map((name) => asked.streams.get(name));
    if (!stdin || !stdout || !stderr) throw new Error('a program without its three streams');
    const ended = Promise.all([exit, closed(stdout), closed(stderr)]).then(([status]) => status);
    ended.catch(() => undefined);
    return { stdin, stdout, stderr, ended, kill: () => this.tell({ kind: 'kill', id }) };
  }

  private tell(request: StarterRequest): void {
    // If the helper is gone already, `leave` rejects the waiting calls.
    if (this.child.connected) this.child.send(request, () => undefined);
  }

  private take(report: StarterReport): void {
    if (report.kind === 'ready') {
      this.isReady = !this.isGone;
      return;
    }
    const asked = this.asked.get(report.id);
    if (report.kind === 'exit') return asked?.exit.resolve(report.status);
    if (asked) asked.isRefused = true;
    asked?.exit.reject(new Error(report.message));
  }

  private leave(): void {
    this.isReady = false;
    this.isGone = true;
    this.server.close();
    for (const { exit } of this.asked.values()) exit.reject(new Error('the process that starts programs has ended'));
  }

  private forget(id: number): void {
    this.asked.delete(id);
    if (this.asked.size === 0) this.child.channel?.unref();
  }

  private greet(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), GREETING_MS);
    socket.on('error', () => undefined);
    let line = Buffer.alloc(0);
    const read = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      line = Buffer.concat([line, chunk]);
      const end = line.indexOf('\n');
      if (end < 0 && line.length < MAX_GREETING_BYTES) return;
      clearTimeout(timer);
      socket.off('readable', read);
      const [word, id, name = ''] = line.subarray(0, Math.max(0, end)).toString('latin1').split(' ');
      const asked = word === this.word ? this.asked.get(Number(id)) : undefined;
      if (!asked) return void socket.destroy();
      if (end + 1 < line.length) socket.unshift(line.subarray(end + 1));
      asked.connect(name, socket);
    };
    socket.on('readable', read);
  }
}

async function closed(stream: Readable): Promise<void> {
  if (stream.destroyed) return;
  await new Promise<void>((resolve) => stream.once('close', resolve));
}
