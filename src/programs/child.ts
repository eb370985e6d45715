/**
 * A child process with any descriptors, started by this process or by the small one of starter.ts.
 * Rule: it gets the descriptors that are listed and no others; `exit` settles once, however it ended.
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

/** Where a descriptor leads. */
export type End =
  /** Nowhere: /dev/null for the standard ones, and closed for others. */
  | { kind: 'none' }
  /** A stream to this process. */
  | { kind: 'stream' }
  /** A stream to this process for some short texts, which takes less work than `stream` through the small process. */
  | { kind: 'texts' }
  | { kind: 'file'; path: string; flags: number }
  /** The writing end of a named pipe whose reading end is open. */
  | { kind: 'pipe'; path: string }
  /** The file of a lock that the starting process holds: the lock is held until all who have the file have ended. */
  | { kind: 'lock'; lock: number };

/** A program to start; `ends` by descriptor, where a hole is `none`. */
export interface Start {
  file: string;
  args: readonly string[];
  cwd: string;
  /** Its whole environment; undefined for that of the starting process. */
  env: Readonly<Record<string, string>> | undefined;
  ends: readonly (End | undefined)[];
}

export interface Exit {
  exitCode: number | null;
  signal: string | null;
}

/** A child process. The caller must read its outputs and end its inputs. */
export interface Child {
  /** Streams by descriptor, of the ends that are `stream` or `texts`. */
  input(descriptor: number): Writable;
  output(descriptor: number): Readable;
  /** How it ended. Its outputs can end later. Rejects if it did not start, or with `StarterEnded`. */
  exit: Promise<Exit>;
  /** Sends SIGKILL, unless it has ended. */
  kill(): void;
}

/** What starts children: this process, or the small one. */
export interface Launcher {
  /** The word in the command lines of children that must not outlive the launcher; see last-will.ts. */
  word: string;
  /** Descriptors that its children would inherit unasked. */
  inherited: readonly number[];
  start(start: Start): Promise<Child>;
  lock(path: string): Promise<FileLock | undefined>;
}

/** A held lock on a file; see file-lock.ts. */
export interface FileLock {
  /** The process that has the file open: only its children can inherit it. */
  holder: Launcher;
  /** The number of the lock for `Start.ends` of its holder. */
  number: number;
  /** False once the holder has ended. */
  isHeld(): boolean;
  /** Gives up the holder's hold. The lock is free once every process that inherited the file has ended too. */
  release(): Promise<void>;
}

/** The small process ended, so its children were ended too. What they did is unknown; the same call can be repeated. */
export class StarterEnded extends Error {
  override name = 'StarterEnded';

  constructor() {
    super('the small process that starts programs was ended (was it killed, or did the memory run out?)');
  }
}

/** Opens a file, or the writing end of a named pipe without waiting for its reader. */
export function openEnd(end: Extract<End, { kind: 'file' | 'pipe' }>): number {
  if (end.kind === 'file') return openSync(end.path, end.flags);
  // Opening only for writing waits until there is a reader, for ever if the reader was killed.
  const both = openSync(end.path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    return openSync(end.path, constants.O_WRONLY);
  } finally {
    closeSync(both);
  }
}

/** Starts a child of this process. */
export function startHere({ file, args, cwd, env, ends }: Start): Child {
  const opened: number[] = [];
  const stdio = Array.from(ends, (end) => {
    if (end === undefined || end.kind === 'none') return 'ignore';
    if (end.kind === 'lock') return end.lock;
    if (end.kind === 'stream' || end.kind === 'texts') return 'pipe';
    const fd = openEnd(end);
    opened.push(fd);
    return fd;
  });
  const child = spawn(file, args, { cwd, stdio, ...(env ? { env } : {}) });
  for (const fd of opened) closeSync(fd);
  const exit = new Promise<Exit>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  exit.catch(() => undefined);
  return {
    input: (descriptor) => child.stdio[descriptor as 0] as Writable,
    output: (descriptor) => child.stdio[descriptor as 1] as Readable,
    exit,
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Resolves when a stream is closed. A stream without any bytes can be closed before somebody reads it. */
export async function closed(stream: Readable): Promise<void> {
  if (stream.destroyed) return;
  await new Promise<void>((resolve) => stream.once('close', resolve));
}
