/**
 * Serves background responses: one request begins a response, other requests wait for it, read it or cancel it.
 * Rule: a broken stream breaks only for its listener; the response goes on.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Course, StoredResponse } from './background-responses.ts';
import { beginResponse } from './background-responses.ts';
import type { ParsedRequest } from './read-request.ts';
import type { ServerReply } from './server-reply.ts';
import { sendError, sendJson, startStream, writeEvent } from './write-response.ts';

/** Most responses that are stored, the newest; real providers store them for minutes to weeks. */
const MOST_KEPT = 1000;

/** Whether the request begins a background response; with some faults the request fails before that. */
export function isBackground(request: ParsedRequest, said: ServerReply): boolean {
  const isRefused = 'fault' in said && (said.fault === 'status' || said.fault === 'garbage');
  return request.raw['background'] === true && !isRefused;
}

/** Begins a background response and sends it, as a stream if the request wants one. */
export async function serveInBackground(
  all: Map<string, StoredResponse>,
  request: ParsedRequest,
  said: ServerReply,
  outgoing: ServerResponse,
): Promise<void> {
  if (request.raw['store'] === false) {
    const message = 'Background responses are stored: set store to true.';
    return sendError(outgoing, { status: 400, code: 'invalid_request', message, param: 'store' });
  }
  const fault = 'fault' in said ? said.fault : undefined;
  const kept = beginResponse(request, courseOf(said));
  all.set(kept.id, kept);
  const [oldest] = all.keys();
  if (all.size > MOST_KEPT && oldest !== undefined) all.delete(oldest);
  if (!request.stream) return sendJson(outgoing, 200, kept.response);
  if (fault !== 'cut-stream' && fault !== 'no-end') return await streamKept(kept, -1, outgoing);
  startStream(outgoing);
  for (const event of kept.events) writeEvent(outgoing, event);
  if (fault === 'no-end') outgoing.end();
  else outgoing.write('event: response.comp', () => outgoing.destroy());
}

function courseOf(said: ServerReply): Course {
  if (!('fault' in said)) return { delayMs: said.delayMs ?? 0, end: said };
  if (said.fault === 'failed' || said.fault === 'error-event') {
    return { delayMs: 0, end: { failed: { code: said.code, message: said.message ?? 'A fault of the script.' } } };
  }
  const items = 'items' in said && said.items ? said.items : [];
  return { delayMs: 0, end: said.fault === 'hang' ? undefined : { items } };
}

/** Sends all events after the one numbered `after`, including those still to come. */
async function streamKept(kept: StoredResponse, after: number, outgoing: ServerResponse): Promise<void> {
  startStream(outgoing);
  let sent = after + 1;
  const send = (): void => {
    for (const event of kept.events.slice(sent)) writeEvent(outgoing, event);
    sent = Math.max(sent, kept.events.length);
  };
  send();
  await Promise.race([kept.ended, once(outgoing, 'close')]);
  if (outgoing.destroyed) return;
  send();
  outgoing.end();
}

/** Sends a stored response: as it is now, or as the stream of its events. */
export async function sendStored(
  all: ReadonlyMap<string, StoredResponse>,
  { id, search }: { id: string; search: URLSearchParams },
  outgoing: ServerResponse,
): Promise<void> {
  const kept = all.get(id);
  if (!kept) return sendError(outgoing, { status: 404, code: 'not_found', message: `Response '${id}' not found.` });
  if (search.get('stream') !== 'true') return sendJson(outgoing, 200, kept.response);
  await streamKept(kept, Number(search.get('starting_after') ?? -1), outgoing);
}
