/**
 * Sends a request and reads what comes back as events, whatever form the server chose: a stream, or one JSON object.
 * Rule: a body that is neither is a failure that says what came, never an error of our code.
 */
import type OpenAI from 'openai';
import type { ResponseCreateParamsStreaming } from 'openai/resources/responses/responses';
import { Stream } from 'openai/streaming';
import { clipText } from '../core/text/lines.ts';
import type { JsonObject } from '../core/text/json.ts';
import { isObject, parseJson } from '../core/text/json.ts';
import type { ModelFailure } from './model-failure.ts';
import type { CalledModel } from './to-model-failure.ts';
import { cleanSaid, failCall, failedResponse } from './to-model-failure.ts';

/** Most bytes of a body that is not a stream. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Most characters of a body that a failure shows. */
const SHOWN_CHARACTERS = 200;
/** How a line of an event stream begins, or a whole JSON object. */
const EVENT_LINE = /^(?::|data\b|event\b|id\b|retry\b)/;
const JSON_BODY = /^[{[]/;

/** Sends a request; the events of its response. */
export async function requestEvents(
  client: OpenAI,
  body: ResponseCreateParamsStreaming,
  target: CalledModel,
  signal: AbortSignal,
): Promise<AsyncIterable<unknown>> {
  const ending = new AbortController();
  const options = { signal: AbortSignal.any([signal, ending.signal]) };
  const response = await client.responses.create(body, options).asResponse();
  const chunks = (response.body ?? ReadableStream.from([])) as unknown as AsyncIterable<Uint8Array>;
  const { head, whole } = await peek(chunks);
  if (EVENT_LINE.test(head)) {
    const same = new Response(ReadableStream.from(whole), { headers: [...response.headers] });
    return Stream.fromSSEResponse<unknown>(same, ending);
  }
  const text = await readText(whole);
  return [readWhole(text, response, target)] as unknown as AsyncIterable<unknown>;
}

/** The first characters that are not blank, and the same bytes again. */
async function peek(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ head: string; whole: AsyncGenerator<Uint8Array, void> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let head = '';
  while (head.length < 6) {
    const next = await iterator.next();
    if (next.done) break;
    seen.push(next.value);
    head = Buffer.concat(seen)
      .toString('utf8')
      .replace(/^\ufeff/, '')
      .trimStart();
  }
  async function* again(): AsyncGenerator<Uint8Array, void> {
    try {
      yield* seen;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { head, whole: again() };
}

async function readText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    kept.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) break;
  }
  return Buffer.concat(kept)
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
}

/** A body that is not a stream, as the event that a stream would have ended with. */
function readWhole(text: string, { status, headers }: Response, target: CalledModel): JsonObject {
  const value = JSON_BODY.test(text) ? parseJson(text) : undefined;
  if (isObject(value)) {
    const { error } = value;
    if (isObject(error) && !('output' in value)) throw failedResponse(error, target);
    const end = typeof value['status'] === 'string' ? value['status'] : 'completed';
    if ('output' in value) return { type: `response.${end}`, response: value };
  }
  const type = headers.get('content-type') ?? 'none';
  const shown = text === '' ? 'and no body' : `which begins ${JSON.stringify(clipText(text, SHOWN_CHARACTERS))}`;
  throw unreadable(target, `HTTP ${status} with content type ${type}, ${shown}`);
}

/** The failure for something that is not a response of the API. `what` says what came. */
export function unreadable(target: CalledModel, what: string): ModelFailure {
  return failCall(target, { kind: 'unreadable', said: cleanSaid(`no response came, but ${what}`, target) });
}
