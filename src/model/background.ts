/**
 * Calls in the background: the provider makes and stores the response even if the worker's connection ends.
 * Rule: a response under way is fetched by its id. It is requested again only if the provider no longer has it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type OpenAI from 'openai';
import { NotFoundError } from 'openai';
import type { ResponseCreateParamsStreaming } from 'openai/resources/responses/responses';
import type { ModelFailure } from './model-failure.ts';
import type { JsonObject } from '../core/text/json.ts';
import { isObject } from '../core/text/json.ts';
import { requestEvents, unreadable } from './open-events.ts';
import type { Progress, StreamedResponse } from './read-stream.ts';
import { readStream } from './read-stream.ts';
import type { CalledModel } from './to-model-failure.ts';
import { failCall, failedResponse } from './to-model-failure.ts';

/** Waits between two polls: short at first, then a few seconds, since a response takes seconds to minutes. */
const FIRST_LOOK_MS = 300;
const LAST_LOOK_MS = 5000;

/** The caller's memory of a response under way, which survives the attempt (an activity's heartbeat). */
export interface Background {
  /** The id of the response that an earlier attempt started. */
  id: string | undefined;
  /** Remembers the id of the response under way; undefined: there is none any more. */
  keep(id: string | undefined): void;
}

export interface BackgroundCall {
  client: OpenAI;
  body: ResponseCreateParamsStreaming;
  background: Background;
  target: CalledModel;
  signal: AbortSignal;
  notes: string[];
  onProgress: ((event: Progress) => void) | undefined;
}

/** Waits for the response that an earlier attempt started, or starts one. */
export async function respondInBackground(call: BackgroundCall): Promise<StreamedResponse> {
  const { background, notes } = call;
  if (background.id !== undefined) {
    try {
      return await fetchResponse(call, background.id);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      notes.push(`the provider no longer has response ${background.id}: requested again`);
      background.keep(undefined);
    }
  }
  return await begin(call);
}

async function begin(call: BackgroundCall): Promise<StreamedResponse> {
  const { client, body, background, target, signal, onProgress } = call;
  let begun: string | undefined;
  const events = await requestEvents(client, { ...body, background: true, store: true }, target, signal);
  try {
    const noted = noteId(events, (id) => {
      begun = id;
      background.keep(id);
    });
    return await readStream(noted, target, onProgress);
  } catch (error) {
    if (begun === undefined || signal.aborted) throw error;
    try {
      // The stream broke, but the response may be complete or still under way.
      return await fetchResponse(call, begun);
    } catch (later) {
      if (!(later instanceof NotFoundError)) throw later;
      // A server that accepts `background` but stores nothing.
      background.keep(undefined);
      throw error;
    }
  }
}

async function* noteId(events: AsyncIterable<unknown>, note: (id: string) => void): AsyncIterable<unknown> {
  for await (const event of events) {
    const response = isObject(event) && event['type'] === 'response.created' ? event['response'] : undefined;
    if (isObject(response) && typeof response['id'] === 'string') note(response['id']);
    yield event;
  }
}

async function fetchResponse(call: BackgroundCall, id: string): Promise<StreamedResponse> {
  const { client, body, background, target, signal } = call;
  const query = body.include ? { include: body.include } : {};
  for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, LAST_LOOK_MS)) {
    const response: unknown = await client.responses.retrieve(id, query, { signal });
    if (!isObject(response)) throw unreadable(target, `something else under the id ${id}`);
    switch (response['status']) {
      case 'queued':
      case 'in_progress':
        await delay(wait, undefined, { signal });
        continue;
      case 'failed':
      case 'cancelled':
        background.keep(undefined);
        throw describeEnd(id, response, target);
      default:
        return { response, output: Array.isArray(response['output']) ? response['output'] : [] };
    }
  }
}

function describeEnd(id: string, { status, error }: JsonObject, target: CalledModel): ModelFailure {
  if (status === 'failed') return failedResponse(isObject(error) ? error : {}, target);
  return failCall(target, { kind: 'broken-stream', said: `response ${id} was cancelled at the provider` });
}
