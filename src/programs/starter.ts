/**
 * Starts short programs from a small process of our own, since the system copies the tables of all of a process's
 * memory for each that it starts: from a worker of 400 MB that takes ten to a hundred times as long.
 * Rule: it is an optimisation only. Where it is not there, not yet or no more, programs are started directly; it ends
 * with us; and nobody else can use it, since only it knows the word that its connections begin with.
 */
import type { ChildProcess } from 'node:child_process';
import { fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** Below this much memory, in bytes, starting directly takes less time than asking. */
const LARGE_BYTES = 120 * 1024 * 1024;
/** A connection that says nothing for so long is none of ours. */
const GREETING_MS = 10_000;
/** More than a greeting of ours has. */
const MAX_GREETING_BYTES = 100;

export interface Program {
  file: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
}

/** A program that runs. Its streams have to be read and ended by the caller. */
export interface StartedProgram {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** The exit status once the program and its outputs have ended; null after a signal. Rejects if it did not start. */
  ended: Promise<number | null>;
  /** Kills it at once. */
  kill(): void;
}

/** What the starter is asked. */
export type StarterRequest =
  /** Each stream is a connection to the address, which begins with its greeting. */
  ({ kind: 'start'; id: number; address: string; greetings: string[] } & Program) | { kind: 'kill'; id: number };

/** What it says: that it is ready, that a program ended, or why one could not be started. */
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

/** The starter, if it pays and is ready. The first call only begins to start it: nobody waits for that. */
function findStarter(): Starter | undefined {
  // Elsewhere the system starts programs without a copy.
  if (process.platform !== 'linux') return undefined;
  if (starter?.isGone) starter = undefined;
  if (!starter && process.memoryUsage.rss() > LARGE_BYTES) starter = new Starter();
  return starter?.isReady ? starter : undefined;
}

/** A program that was asked for, and what is known of it. */
class Asked {
  readonly streams = new Map<string, Socket>();
  readonly connected = Promise.withResolvers<void>();
  readonly exit = Promise.withResolvers<number | null>();
  /** The starter said that it could not start it: then it did not run. */
  isRefused = false;

  constructor() {
    // Git that ends without reading its input must not keep a writer waiting.
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
  /** A name that is no file: nothing is left behind, and sandboxes with a network of their own don't see it. */
  private readonly address = `\0coxswain-${randomBytes(16).toString('hex')}`;
  private readonly asked = new Map<number, Asked>();
  private readonly child: ChildProcess;
  private readonly server: Server;
  private lastId = 0;

  constructor() {
    const file = `starter-program.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
    // A group of its own, since a Ctrl-C is for us: we end what we started. It has none of our secrets.
    this.child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      detached: true,
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

  /** Undefined when it could not, and the program did not run. */
  async start(program: Program): Promise<StartedProgram | undefined> {
    const id = ++this.lastId;
    const asked = new Asked();
    this.asked.set(id, asked);
    this.child.channel?.ref();
    // A program can be over before we have taken its connections.
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
    // Where it is gone already, its end says so to whoever waits.
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
