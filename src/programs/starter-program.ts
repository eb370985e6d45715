/**
 * The small process that starts programs for a large one, and holds the locks that these inherit; see starter.ts.
 * Rule: it ends with its parent, and its programs with it. It gives each program the descriptors that are asked for and
 * nothing else, and does not read what goes over a `stream`.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { End } from './child.ts';
import { openEnd } from './child.ts';
import { lockFile } from './file-lock.ts';
import { inheritedDescriptors } from './inherited-descriptors.ts';
import { lastWillToken } from './last-will.ts';
import type { StarterReport, StarterRequest } from './starter-messages.ts';

/** Programs by id. Before a program is started: `wanted`, or `unwanted` if it was killed meanwhile. */
const programs = new Map<number, ChildProcess | 'wanted' | 'unwanted'>();
const locks = new Map<number, FileHandle>();

// Whatever the parent was started with: no program may have it.
for (const descriptor of inheritedDescriptors()) closeSync(descriptor);
// These reach the whole group: our owner shuts down in order, and needs us until then.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (request: StarterRequest) => void take(request));
report({ kind: 'ready', word: lastWillToken() });

function report(what: StarterReport): void {
  // Without a connection the parent is gone, and this process ends too.
  if (process.connected) process.send?.(what, () => undefined);
}

async function take(request: StarterRequest): Promise<void> {
  try {
    if (request.kind === 'kill') kill(request.id);
    else if (request.kind === 'say') say(request);
    else if (request.kind === 'start') await start(request);
    else if (request.kind === 'lock') await lock(request);
    else await unlock(request.id);
  } catch (error) {
    fail(request.id, error);
  }
}

function fail(id: number, error: unknown): void {
  programs.delete(id);
  report({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
}

function kill(id: number): void {
  const program = programs.get(id);
  if (program === 'wanted') programs.set(id, 'unwanted');
  else if (program !== 'unwanted') program?.kill('SIGKILL');
}

function say({ id, descriptor, text }: Extract<StarterRequest, { kind: 'say' }>): void {
  const program = programs.get(id);
  if (typeof program === 'object') (program.stdio[descriptor as 0] as Writable).end(text);
}

async function lock({ id, path }: Extract<StarterRequest, { kind: 'lock' }>): Promise<void> {
  const file = await lockFile(path);
  if (file) locks.set(id, file);
  report({ kind: 'locked', id, isHeld: file !== undefined });
}

async function unlock(id: number): Promise<void> {
  const file = locks.get(id);
  locks.delete(id);
  await file?.close();
  report({ kind: 'locked', id, isHeld: false });
}

async function start(request: Extract<StarterRequest, { kind: 'start' }>): Promise<void> {
  const { id, start: wanted } = request;
  const { file, args, cwd, env, ends } = wanted;
  programs.set(id, 'wanted');
  const files: number[] = [];
  const sockets: (Socket | undefined)[] = [];
  try {
    sockets.push(
      ...(await Promise.all(
        ends.map(async (end, descriptor) =>
          end?.kind === 'stream'
            ? await connect(request.address, `${request.greeting} ${id} ${descriptor}\n`)
            : undefined,
        ),
      )),
    );
    const stdio = ends.map((end, descriptor) => sockets[descriptor] ?? openFor(end, files));
    const child = spawn(file, args, { cwd, stdio, env: env ?? {} });
    listen(id, child, ends);
    if (programs.get(id) === 'unwanted') child.kill('SIGKILL');
    programs.set(id, child);
  } finally {
    // The program has its own copies now. With these open, the streams would never end.
    for (const socket of sockets) socket?.destroy();
    for (const each of files) closeSync(each);
  }
}

function openFor(end: End | null | undefined, files: number[]): number | 'pipe' | 'ignore' {
  // A hole in a list is null in JSON.
  if (!end || end.kind === 'none' || end.kind === 'stream') return 'ignore';
  if (end.kind === 'texts') return 'pipe';
  if (end.kind === 'lock') {
    const held = locks.get(end.lock);
    if (!held) throw new Error('the lock is not held any more');
    return held.fd;
  }
  const fd = openEnd(end);
  files.push(fd);
  return fd;
}

function listen(id: number, child: ChildProcess, ends: readonly (End | null | undefined)[]): void {
  child.on('error', (error) => fail(id, error));
  child.on('spawn', () => report({ kind: 'started', id }));
  child.on('exit', (exitCode, signal) => {
    programs.delete(id);
    report({ kind: 'exit', id, exit: { exitCode, signal } });
  });
  for (const [descriptor, end] of ends.entries()) {
    if (end?.kind !== 'texts') continue;
    const stream = child.stdio[descriptor as 1] as Readable | null;
    stream?.on('error', () => undefined);
    stream?.on('data', (text: Buffer) => report({ kind: 'text', id, descriptor, text: text.toString() }));
    stream?.on('close', () => report({ kind: 'text', id, descriptor, text: null }));
  }
}

/** Connects without reading: the data is for the program. */
async function connect(address: string, greeting: string): Promise<Socket> {
  const socket = new Socket();
  socket.pause();
  socket.connect(address);
  await once(socket, 'connect');
  await new Promise<void>((resolve, reject) => {
    socket.write(greeting, (error) => (error ? reject(error) : resolve()));
  });
  return socket;
}
