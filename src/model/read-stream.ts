/**
 * Reads the events of one response to its end.
 * Rule: a response counts only if its last event came; a broken one is thrown away as a whole. Events are data from
 * outside: none is believed to have the form that the API describes.
 */
import { clipText } from '../core/text/lines.ts';
import type { ModelFailure } from './model-failure.ts';
import type { JsonObject } from '../core/text/json.ts';
import { isObject } from '../core/text/json.ts';
import { unreadable } from './open-events.ts';
import type { CalledModel } from './to-model-failure.ts';
import { failCall, failedResponse } from './to-model-failure.ts';

/** Most bytes of one response. Only a server that ignores `max_output_tokens` reaches it. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
/** Most characters of an event that a failure shows. */
const SHOWN_CHARACTERS = 200;

/** A response whose stream ended properly. */
export interface StreamedResponse {
  response: JsonObject;
  /** Output items in order; from their own events if the last event lacks them, as with some servers. */
  output: unknown[];
}

/** The newest part of a response that streams in, and the bytes so far. `kind` says what it is a part of. */
export interface Progress {
  outputBytes: number;
  kind: 'text' | 'reasoning' | 'call';
  delta: string;
}

/** Reads until the response is completed or incomplete. Throws a ModelFailure if it fails or breaks off. */
export async function readStream(
  events: AsyncIterable<unknown>,
  target: CalledModel,
  onProgress?: (event: Progress) => void,
): Promise<StreamedResponse> {
  const done = new Map<unknown, unknown>();
  let outputBytes = 0;
  let stranger: string | undefined;
  let isKnown = false;
  for await (const event of events) {
    if (!isObject(event) || typeof event['type'] !== 'string') {
      stranger ??= clipText(JSON.stringify(event) ?? '', SHOWN_CHARACTERS);
      continue;
    }
    isKnown = true;
    const { type, delta } = event as { type: string; delta?: unknown };
    if (typeof delta === 'string') {
      outputBytes += Buffer.byteLength(delta);
      if (outputBytes > MAX_OUTPUT_BYTES) throw broken(target, `the response is longer than ${MAX_OUTPUT_BYTES} bytes`);
      onProgress?.({ outputBytes, kind: kindOf(type), delta });
    }
    if (type === 'response.output_item.done') done.set(event['output_index'] ?? done.size, event['item']);
    if (type === 'error') throw failedResponse(isObject(event['error']) ? event['error'] : event, target);
    const end = readEnd(type, event['response'], target);
    if (end) return { response: end, output: readOutput(end, done) };
  }
  if (stranger !== undefined && !isKnown)
    throw unreadable(target, `a stream of other events; the first is ${stranger}`);
  throw broken(target, 'the stream ended before the response was complete');
}

/** The response of an event that ends a stream; undefined for other events. */
function readEnd(type: string, response: unknown, target: CalledModel): JsonObject | undefined {
  if (type === 'response.failed' || type === 'response.cancelled') {
    const error = isObject(response) ? response['error'] : undefined;
    throw failedResponse(isObject(error) ? error : { code: type }, target);
  }
  if (type !== 'response.completed' && type !== 'response.incomplete' && type !== 'response.done') return undefined;
  if (isObject(response)) return response;
  throw unreadable(target, `an event ${type} without a response in it`);
}

function readOutput({ output }: JsonObject, done: ReadonlyMap<unknown, unknown>): unknown[] {
  if (Array.isArray(output) && output.length > 0) return output;
  return [...done.entries()].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, item]) => item);
}

function kindOf(type: string): Progress['kind'] {
  if (type.startsWith('response.reasoning')) return 'reasoning';
  return /^response\.(?:function|custom_tool)_call/.test(type) ? 'call' : 'text';
}

function broken(target: CalledModel, said: string): ModelFailure {
  return failCall(target, { kind: 'broken-stream', said });
}
