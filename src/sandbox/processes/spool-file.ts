/**
 * Writes a command's output to a file as it comes, up to a size.
 * Rule: output that the disk can't take yet is not buffered in memory, and a failing file does not disturb the command.
 */
import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import type { Readable } from 'node:stream';

/** The file, and the most bytes to write there. */
export interface SpoolRequest {
  file: string;
  maxBytes: number;
}

/** The written file. `complete`: the whole output is in it. */
export interface Spooled {
  file: string;
  bytes: number;
  complete: boolean;
}

export class SpoolFile {
  readonly #request: SpoolRequest;
  readonly #stream: WriteStream;
  #waiting: Readable | undefined;
  #bytes = 0;
  #complete = true;
  #broken = false;

  /** Creates or empties the file; only this user may read it. */
  constructor(request: SpoolRequest) {
    this.#request = request;
    this.#stream = createWriteStream(request.file, { flags: 'w', mode: 0o600 });
    const goOn = (): void => void this.#waiting?.resume();
    this.#stream
      .on('error', () => (this.#broken = true))
      .on('drain', goOn)
      .on('close', goOn);
  }

  /** Writes the next chunk. Pauses `source` while the disk is slower than the command. */
  write(chunk: Buffer, source?: Readable): void {
    const room = this.#request.maxBytes - this.#bytes;
    if (chunk.length > room || this.#broken) this.#complete = false;
    const part = chunk.subarray(0, Math.max(0, room));
    if (part.length === 0 || this.#broken) return;
    this.#bytes += part.length;
    if (this.#stream.write(part)) return;
    this.#waiting = source?.pause();
  }

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
