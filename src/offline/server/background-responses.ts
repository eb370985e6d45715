/**
 * Responses that the server makes and stores even if no client listens: `background` of the Responses API.
 * Rule: a response continues when its client is gone, is stored under its id, and ends exactly once.
 */
import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { ParsedRequest } from './read-request.ts';
import type { ResponseContent } from './response-events.ts';
import { createEvents, createResponse } from './response-events.ts';

/** How a response ends after `delayMs` milliseconds; without `end` it never ends by itself. */
export interface Course {
  delayMs: number;
  end: ResponseContent | { failed: { code: string; message: string } } | undefined;
}

export interface StoredResponse {
  readonly id: string;
  /** The response object as it is now. */
  readonly response: Response;
  /** All events so far, in order. */
  readonly events: readonly ResponseStreamEvent[];
  readonly ended: Promise<void>;
  /** Ends the response without content; does nothing after its end. */
  cancel(): void;
}

/** Begins a response. Its id is unique, even for two equal requests. */
export function beginResponse(request: ParsedRequest, { delayMs, end }: Course): StoredResponse {
  const id = `resp_${request.index}_${createResponse(request, { items: [] }).id.slice(5, 29)}`;
  const begun = { ...createResponse(request, { items: [] }), id, background: true, store: true };
  const working = { ...begun, status: 'in_progress', usage: null } as unknown as Response;
  let response = working;
  let events = createEvents(working).slice(0, 2);
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const finish = (last: Response, all: ResponseStreamEvent[]): void => {
    if (response !== working) return;
    clearTimeout(timer);
    response = last;
    events = all;
    resolve();
  };
  const timer = setTimeout(() => {
    if (end === undefined) return;
    if ('failed' in end) {
      const failed = { ...begun, status: 'failed', error: end.failed } as unknown as Response;
      const event = { type: 'response.failed', sequence_number: events.length, response: failed };
      return finish(failed, [...events, event as unknown as ResponseStreamEvent]);
    }
    const whole = { ...createResponse(request, end), id, background: true, store: true } as unknown as Response;
    finish(whole, createEvents(whole));
  }, delayMs);
  // After the server is closed, a response under way must not keep the process alive.
  timer.unref();
  return {
    id,
    get response() {
      return response;
    },
    get events() {
      return events;
    },
    ended,
    cancel: () => finish({ ...working, status: 'cancelled' } as unknown as Response, [...events]),
  };
}
