/**
 * Writes what the API says over HTTP: JSON, errors in the API's shape, and streams of events.
 * Rule: bytes only; what is said is decided elsewhere.
 */
import type { ServerResponse } from 'node:http';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { ApiError } from './read-request.ts';

/** Begins a stream of events. */
export function startStream(outgoing: ServerResponse): void {
  outgoing.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
}

/** Writes one event of a stream. */
export function writeEvent(outgoing: ServerResponse, event: ResponseStreamEvent): void {
  outgoing.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** Sends a whole answer as JSON. */
export function sendJson(
  outgoing: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  outgoing
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Sends an error in the API's shape. */
export function sendError(outgoing: ServerResponse, { status, code, message, param }: ApiError): void {
  const type = status >= 500 ? 'server_error' : 'invalid_request_error';
  sendJson(outgoing, status, { error: { message, type, param: param ?? null, code } });
}
