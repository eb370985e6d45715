/**
 * Holds the newest bytes of a running command or model call, to be shown to people as lines.
 * Rule: constant memory, and no work for each chunk: lines are made only when a heartbeat is sent.
 */
import { stripVTControlCharacters } from 'node:util';
import type { Live, Stage } from '../../core/live.ts';
import { shownOf } from '../../core/live.ts';
import { harmless } from '../../core/text/harmless.ts';

/** Enough for five lines of 100 characters, in any script. */
const KEPT_BYTES = 2048;

/** One stage of an activity, from now on. */
export class LiveStage {
  readonly #stage: Stage;
  readonly #about: Pick<Live, 'command' | 'limitMs'>;
  readonly #startedAt = performance.now();
  #bytes = 0;
  #newest = Buffer.alloc(0);

  constructor(stage: Stage, about: Pick<Live, 'command' | 'limitMs'> = {}) {
    this.#stage = stage;
    this.#about = about;
  }

  write(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#newest = Buffer.concat([this.#newest, chunk.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES);
  }

  read(): Live {
    const isCut = this.#bytes > this.#newest.length;
    return {
      stage: this.#stage,
      ...this.#about,
      elapsedMs: Math.round(performance.now() - this.#startedAt),
      bytes: this.#bytes,
      ...harmless(shownOf({ ...this.#about, tail: toLines(this.#newest, isCut) })),
    };
  }
}

/** Output as a terminal would leave it: no colours, and of a line that was rewritten only the last state. */
function toLines(bytes: Buffer, isCut: boolean): string {
  const text = bytes.toString('utf8');
  // The cut may have split a character or an escape sequence, so the rest of that line is left out.
  const whole = isCut && text.includes('\n') ? text.slice(text.indexOf('\n') + 1) : text;
  return stripVTControlCharacters(whole)
    .split(/\r?\n/)
    .map((line) => line.split('\r').findLast((state) => state.trim() !== '') ?? '')
    .join('\n');
}
