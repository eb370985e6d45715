/**
 * Writes a command's output to a file as it comes, up to a size.
 * Rule: it never takes memory for what the disk can't take yet, and no trouble with the file troubles the command.
 */
import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import type { Readable } from 'node:stream';

/** Where to, and how much at most. */
export interface SpoolRequest {
  file: string;
  maxBytes: number;
}

/** What became of it: `complete` says that all of the output is in the file. */
export interface Spooled {
  file: string;
  bytes: number;
  complete: boolean;
}

/** A spool file that is written. */
export class SpoolFile {
  readonly #request: SpoolRequest;
  readonly #stream: WriteStream;
  #waiting: Readable | undefined;
  #bytes = 0;
  #complete = true;
  #broken = false;

  /** Makes the file new; only this user may read it. */
  constructor(request: SpoolRequest) {
    this.#request = request;
    this.#stream = createWriteStream(request.file, { flags: 'w', mode: 0o600 });
    const goOn = (): void => void this.#waiting?.resume();
    this.#stream
      .on('error', () => (this.#broken = true))
      .on('drain', goOn)
      .on('close', goOn);
  }

  /** Takes the next chunk; `source` waits while the disk is slower than the command. */
  write(chunk: Buffer, source?: Readable): void {
    const room = this.#request.maxBytes - this.#bytes;
    if (chunk.length > room || this.#broken) this.#complete = false;
    const part = chunk.subarray(0, Math.max(0, room));
    if (part.length === 0 || this.#broken) return;
    this.#bytes += part.length;
    if (this.#stream.write(part)) return;
    this.#waiting = source?.pause();
  }

  /** Closes the file. */
  async end(): Promise<Spooled> {
    await new Promise<void>((resolve) => {
      if (this.#stream.closed) return resolve();
      this.#stream.once('close', resolve);
      this.#stream.end();
    });
    const { file } = this.#request;
    if (this.#broken) return { file, bytes: this.#stream.bytesWritten, complete: false };
    return { file, bytes: this.#bytes, complete: this.#complete };
  }
}
