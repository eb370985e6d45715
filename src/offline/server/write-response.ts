/**
 * Writes HTTP responses: JSON, errors in the API's shape, and streams of events.
 * Rule: it only writes bytes; callers decide on the content.
 */
import type { ServerResponse } from 'node:http';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { ApiError } from './read-request.ts';

export function startStream(outgoing: ServerResponse): void {
  outgoing.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
}

export function writeEvent(outgoing: ServerResponse, event: ResponseStreamEvent): void {
  outgoing.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** Sends a whole response as JSON; a string is sent as it is. */
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
