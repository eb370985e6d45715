/**
 * Starts programs from a small helper process. To start a program the system copies the page tables of the starting
 * process: from a worker of 400 MB that takes ten to a hundred times as long, and the worker stands still meanwhile.
 * Rule: only an optimisation. Where the helper can't run, programs are started directly. It ends with this process, its
 * programs with it, and no other process can use it, since connections start with a secret word.
 */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Child, Exit, FileLock, Launcher, Start } from './child.ts';
import { closed, StarterEnded, startHere } from './child.ts';
import { lockFile } from './file-lock.ts';
import { inheritedDescriptors } from './inherited-descriptors.ts';
import { endAllWith, lastWillToken } from './last-will.ts';
import { readGreeting } from './read-greeting.ts';
import type { StarterReport, StarterRequest } from './starter-messages.ts';

/** With less memory than this, starting a program directly is faster. */
const LARGE_BYTES = 120 * 1024 * 1024;
/** The helper is ready after some 50 ms. One that is not ready by then is given up. */
const READY_MS = 30_000;

export type Program = Omit<Start, 'ends'>;

/** A running program. The caller must read its outputs and end its input. */
export interface StartedProgram {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** The exit status once the program and its outputs have ended; null after a signal. Rejects if it did not start. */
  ended: Promise<number | null>;
  kill(): void;
}

/** Starts a program with streams as its standard input and outputs. */
export async function startProgram(program: Program): Promise<StartedProgram> {
  const launcher = await findLauncher();
  const child = await launcher.start({ ...program, ends: [0, 1, 2].map(() => ({ kind: 'stream' })) });
  const [stdout, stderr] = [child.output(1), child.output(2)];
  const ended = Promise.all([child.exit, closed(stdout), closed(stderr)]).then(([{ exitCode }]) => exitCode);
  ended.catch(() => undefined);
  return { stdin: child.input(0), stdout, stderr, ended, kill: () => child.kill() };
}

/** This process, which starts its children by itself. */
export const thisProcess: Launcher = {
  get word() {
    return lastWillToken();
  },
  get inherited() {
    return inheritedDescriptors();
  },
  start: async (start) => await Promise.resolve(startHere(start)),
  lock: async (path) => {
    const file = await lockFile(path);
    const release = async (): Promise<void> => await file?.close();
    return file && { holder: thisProcess, number: file.fd, isHeld: () => true, release };
  },
};

let starter: Starter | undefined;

/** What starts the next program: the helper if that is worthwhile and possible, or else this process. */
export async function findLauncher(): Promise<Launcher> {
  // Other systems start programs without this copy.
  if (process.platform !== 'linux') return thisProcess;
  if (starter?.isGone) starter = undefined;
  if (!starter && process.memoryUsage.rss() > LARGE_BYTES) starter = new Starter();
  if (!starter) return thisProcess;
  const { ready } = starter;
  return (await ready) ?? thisProcess;
}

/** A program that the helper was asked to start. */
class Asked {
  readonly streams = new Map<number, Socket>();
  readonly texts = new Map<number, Readable>();
  readonly connected = Promise.withResolvers<void>();
  readonly started = Promise.withResolvers<void>();
  readonly exit = Promise.withResolvers<Exit>();
  /** For each of `texts` that its end was told. */
  readonly read: PromiseWithResolvers<void>[] = [];
  private missing = 0;

  constructor({ ends }: Start) {
    for (const [descriptor, end] of ends.entries()) {
      if (end?.kind === 'stream') this.missing += 1;
      if (end?.kind !== 'texts') continue;
      this.texts.set(descriptor, new Readable({ read: () => undefined }));
      this.read[descriptor] = Promise.withResolvers<void>();
    }
    if (this.missing === 0) this.connected.resolve();
    for (const { promise } of [this.connected, this.started, this.exit]) promise.catch(() => undefined);
    // A program that ends without reading its input must not block a writer.
    void this.exit.promise.catch(() => undefined).then(() => this.streams.get(0)?.destroy());
  }

  connect(descriptor: number, socket: Socket): void {
    this.streams.set(descriptor, socket);
    this.missing -= 1;
    if (this.missing === 0) this.connected.resolve();
  }

  push(descriptor: number, text: string | null): void {
    this.texts.get(descriptor)?.push(text);
    if (text === null) this.read[descriptor]?.resolve();
  }

  fail(error: Error): void {
    for (const each of [this.connected, this.started, this.exit]) each.reject(error);
    for (const descriptor of this.texts.keys()) this.push(descriptor, null);
  }
}

class Starter implements Launcher {
  readonly inherited = [];
  word = '';
  isGone = false;
  /** This once it is ready; undefined if it can't be. */
  readonly ready: Promise<Launcher | undefined>;
  private readonly isReady = Promise.withResolvers<Launcher | undefined>();
  private readonly greeting = randomBytes(16).toString('hex');
  /** An abstract socket: it leaves no file, and sandboxes with their own network namespace can't reach it. */
  private readonly address = `\0coxswain-${randomBytes(16).toString('hex')}`;
  private readonly asked = new Map<number, Asked>();
  private readonly locking = new Map<number, PromiseWithResolvers<boolean>>();
  private readonly process: ChildProcess;
  private readonly server: Server;
  private lastId = 0;

  constructor() {
    this.ready = this.isReady.promise;
    const file = `starter-program.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
    // In our own group, so that killing the group kills its programs too. Without environment: no secrets.
    this.process = fork(fileURLToPath(new URL(file, import.meta.url)), { env: {}, execArgv: [], stdio: 'ignore' });
    this.process.on('message', (report: StarterReport) => this.take(report));
    this.process.on('error', () => this.leave());
    this.process.on('exit', () => this.leave());
    this.server = createServer((socket) => readGreeting(socket, (words) => this.accept(words, socket)));
    this.server.on('error', () => this.leave());
    this.server.listen(this.address);
    this.server.unref();
    this.process.unref();
    const timer = setTimeout(() => this.leave(), READY_MS);
    // Until it is ready, somebody may wait for it, and this process must not end meanwhile.
    void this.ready.then(() => {
      clearTimeout(timer);
      if (this.asked.size === 0) this.process.channel?.unref();
    });
  }

  async start(start: Start): Promise<Child> {
    if (this.isGone) throw new StarterEnded();
    const id = ++this.lastId;
    const asked = new Asked(start);
    this.asked.set(id, asked);
    this.process.channel?.ref();
    // A program may end before this process has accepted its connections.
    const exit = asked.exit.promise.then(async (end) => await asked.connected.promise.then(() => end));
    // The exit and the ends of the texts come in any order.
    void Promise.allSettled([exit, ...asked.read.map(({ promise }) => promise)]).then(() => this.forget(id));
    this.tell({ kind: 'start', id, address: this.address, greeting: this.greeting, start });
    try {
      await Promise.all([asked.connected.promise, asked.started.promise]);
    } catch (error) {
      // It did not run. Started directly, it fails with the system's own words, or the helper's trouble is avoided.
      if (error instanceof StarterEnded || start.ends.some((end) => end?.kind === 'lock')) throw error;
      return startHere(start);
    }
    return {
      input: (descriptor) => asked.streams.get(descriptor) ?? this.textInput(id, descriptor),
      output: (descriptor) => {
        const stream = asked.streams.get(descriptor) ?? asked.texts.get(descriptor);
        if (!stream) throw new Error(`no stream was asked for at descriptor ${descriptor}`);
        return stream;
      },
      exit,
      kill: () => this.tell({ kind: 'kill', id }),
    };
  }

  async lock(path: string): Promise<FileLock | undefined> {
    if (this.isGone) throw new StarterEnded();
    const id = ++this.lastId;
    if (!(await this.askForLock({ kind: 'lock', id, path }))) return undefined;
    const release = async (): Promise<void> => {
      if (!this.isGone) await this.askForLock({ kind: 'unlock', id }).catch(() => undefined);
    };
    return { holder: this, number: id, isHeld: () => !this.isGone, release };
  }

  private async askForLock(request: Extract<StarterRequest, { id: number }>): Promise<boolean> {
    const waiting = Promise.withResolvers<boolean>();
    this.locking.set(request.id, waiting);
    this.process.channel?.ref();
    this.tell(request);
    try {
      return await waiting.promise;
    } finally {
      this.locking.delete(request.id);
      this.forget(request.id);
    }
  }

  private textInput(id: number, descriptor: number): Writable {
    let text = '';
    return new Writable({
      write: (chunk: Buffer, _, done) => {
        text += chunk.toString();
        done();
      },
      final: (done) => {
        this.tell({ kind: 'say', id, descriptor, text });
        done();
      },
    });
  }

  private tell(request: StarterRequest): void {
    // If the helper is gone already, `leave` ends what waits.
    if (this.process.connected) this.process.send(request, () => undefined);
  }

  private take(report: StarterReport): void {
    if (report.kind === 'ready') {
      this.word = report.word;
      return this.isReady.resolve(this.isGone ? undefined : this);
    }
    const asked = this.asked.get(report.id);
    if (report.kind === 'started') asked?.started.resolve();
    else if (report.kind === 'text') asked?.push(report.descriptor, report.text);
    else if (report.kind === 'exit') asked?.exit.resolve(report.exit);
    else if (report.kind === 'locked') this.locking.get(report.id)?.resolve(report.isHeld);
    else {
      asked?.fail(new Error(report.message));
      this.locking.get(report.id)?.reject(new Error(report.message));
    }
  }

  private leave(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.process.kill('SIGKILL');
    this.server.close();
    this.isReady.resolve(undefined);
    for (const waiting of this.locking.values()) waiting.reject(new StarterEnded());
    const asked = [...this.asked.values()];
    // Its programs die with it, and those that were just starting by its last will. Their ends are not told before.
    const areDead = this.word === '' ? Promise.resolve() : endAllWith(this.word);
    void areDead.finally(() => {
      for (const each of asked) each.fail(new StarterEnded());
    });
  }

  private forget(id: number): void {
    this.asked.delete(id);
    if (this.asked.size === 0 && this.locking.size === 0) this.process.channel?.unref();
  }

  private accept([greeting, id, descriptor]: string[], socket: Socket): void {
    const asked = greeting === this.greeting ? this.asked.get(Number(id)) : undefined;
    if (asked) asked.connect(Number(descriptor), socket);
    else socket.destroy();
  }
}
