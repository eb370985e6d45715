/**
 * Holds the head and the tail of an output of any size in constant memory, with its byte count and digest.
 * Rule: the text says how many bytes were left out, and it is always valid Unicode.
 */
import { createHash } from 'node:crypto';

/** Bytes held from either end. Together 48 KiB, about 12,000 tokens: the most that one result may cost a model. */
const KEPT_BYTES = 24 * 1024;

/** Captures one output: call `write` for each chunk, then `end` once. */
export class OutputRings {
  readonly #hash = createHash('sha256');
  #head = Buffer.alloc(0);
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #bytes = 0;

  /** Takes the next chunk of the output. */
  write(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    const room = KEPT_BYTES - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    this.#tail.push(Buffer.from(rest.subarray(Math.max(0, rest.length - KEPT_BYTES))));
    this.#tailBytes += Math.min(rest.length, KEPT_BYTES);
    while (this.#tailBytes - (this.#tail[0]?.length ?? 0) >= KEPT_BYTES)
      this.#tailBytes -= this.#tail.shift()?.length ?? 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The text for a model, and the size in bytes and SHA-256 of the whole output. */
  end(): { output: string; outputBytes: number; outputDigest: string } {
    const all = Buffer.concat(this.#tail);
    const tail = all.subarray(Math.max(0, all.length - KEPT_BYTES));
    const outputDigest = this.#hash.digest('hex');
    const between = this.#bytes - this.#head.length - tail.length;
    if (between === 0)
      return { output: decode(Buffer.concat([this.#head, tail])), outputBytes: this.#bytes, outputDigest };
    const head = cutHead(this.#head);
    const end = cutTail(tail);
    const leftOut = this.#bytes - head.length - end.length;
    const output = `${decode(head)}\n[… ${leftOut} bytes left out …]\n${decode(end)}`;
    return { output, outputBytes: this.#bytes, outputDigest };
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const decode = (bytes: Buffer): string => decoder.decode(bytes);

/** Drops a character that the cut left unfinished at the end. */
function cutHead(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) {
      const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return wanted > back ? bytes.subarray(0, bytes.length - back) : bytes;
    }
    if (byte < 0x80) return bytes;
  }
  return bytes;
}

/** Drops the rest of a character that the cut left at the start. */
function cutTail(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start);
}
