/**
 * One `git cat-file --batch-command` for each store, kept open, for objects that are not loose: in packs, or in stores
 * that this one borrows from.
 * Rule: it belongs to the folder of objects that it was started on, ends after a minute without a question or with this
 * process, and never keeps this process alive.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import { openGit } from '../run-git.ts';

/** What git says of an object; `bytes` is empty where only its type and size were asked for. */
interface Answer {
  type: string;
  size: number;
  bytes: Buffer;
}

interface Question {
  hasBytes: boolean;
  resolve: (answer: Answer | undefined) => void;
  reject: (error: Error) => void;
}

const IDLE_MS = 60_000;
/** Longest wait for an answer, for a slow disk. Without a bound, an unreachable disk would hold an activity for ever. */
const ANSWER_MS = 10 * 60_000;
/** Most of them at once, on a host with many stores. */
const MAX_OPEN = 16;

const opened = new Map<string, Batch>();

/** Asks git for an object's type and size, or for its bytes too; undefined if the store does not have it. */
export async function askGit(dir: string, what: 'info' | 'contents', id: Sha): Promise<Answer | undefined> {
  const { dev, ino } = await stat(join(dir, 'objects'));
  const name = `${dir} ${dev} ${ino}`;
  let batch = opened.get(name);
  if (!batch || batch.isGone) {
    batch = new Batch(dir);
    for (const [oldest, other] of opened) if (opened.size >= MAX_OPEN || other.isGone) close(oldest, other);
  }
  // The one that was asked last is closed last.
  opened.delete(name);
  opened.set(name, batch);
  return await batch.ask(what, id);
}

function close(name: string, batch: Batch): void {
  opened.delete(name);
  batch.end();
}

class Batch {
  isGone = false;
  private readonly child: ReturnType<typeof openGit>;
  private readonly questions: Question[] = [];
  private readonly idle: NodeJS.Timeout;
  private readonly late: NodeJS.Timeout;
  private chunks: Buffer[] = [];
  private have = 0;
  private need = 1;

  constructor(dir: string) {
    this.child = openGit(dir, ['cat-file', '--batch-command']);
    this.child.on('error', () => this.leave());
    this.child.on('close', () => this.leave());
    this.child.stdin.on('error', () => undefined);
    this.child.stdout.on('data', (chunk: Buffer) => this.take(chunk));
    this.idle = setTimeout(() => this.end(), IDLE_MS).unref();
    this.late = setTimeout(() => this.questions.length > 0 && this.child.kill('SIGKILL'), ANSWER_MS).unref();
    this.child.hold(false);
  }

  async ask(what: 'info' | 'contents', id: Sha): Promise<Answer | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer | undefined>();
    this.questions.push({ hasBytes: what === 'contents', resolve, reject });
    this.child.hold(true);
    this.idle.refresh();
    // Only the first of several: later questions must not give an answer that never comes more time.
    if (this.questions.length === 1) this.late.refresh();
    this.child.stdin.write(`${what} ${id}\n`);
    return await promise;
  }

  /** Lets git answer what was asked, and end. */
  end(): void {
    if (this.questions.length > 0) return void this.idle.refresh();
    this.isGone = true;
    this.child.stdin.end();
  }

  private leave(): void {
    this.isGone = true;
    clearTimeout(this.idle);
    clearTimeout(this.late);
    for (const { reject } of this.questions.splice(0)) reject(new Error('git cat-file ended'));
  }

  private take(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.have += chunk.length;
    // Chunks are joined only when an answer may be whole; otherwise each chunk would copy a large object again.
    while (this.have >= this.need) {
      const [first = chunk, ...more] = this.chunks;
      const joined = more.length === 0 ? first : Buffer.concat(this.chunks);
      const rest = this.read(joined);
      this.chunks = rest.length === 0 ? [] : [rest];
      this.have = rest.length;
      if (rest === joined) return;
    }
    if (this.questions.length === 0) this.child.hold(false);
  }

  /** Reads one answer and returns the bytes after it; all bytes, if the answer is not whole yet. */
  private read(bytes: Buffer): Buffer {
    const end = bytes.indexOf(0x0a);
    const [question] = this.questions;
    if (end < 0 || !question) {
      this.need = bytes.length + 1;
      return bytes;
    }
    const [, type = '', length = ''] = bytes.toString('latin1', 0, end).split(' ');
    const size = Number(length);
    const isThere = length !== '';
    const total = end + 1 + (isThere && question.hasBytes ? size + 1 : 0);
    this.need = total;
    if (bytes.length < total) return bytes;
    this.need = 1;
    this.questions.shift();
    this.late.refresh();
    // Copied, so that a small object does not keep the memory of a whole chunk.
    const own = Buffer.from(bytes.subarray(end + 1, Math.max(total - 1, end + 1)));
    question.resolve(isThere ? { type, size, bytes: own } : undefined);
    return bytes.subarray(total);
  }
}
