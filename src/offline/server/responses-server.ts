/**
 * A real HTTP server of the Responses API whose replies come from a function: the offline model, or a test's script.
 * Rule: it speaks exactly the API; a `fault` on purpose looks like one of a real server.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { StoredResponse } from './background-responses.ts';
import type { ApiError, ParsedRequest } from './read-request.ts';
import { readRequest } from './read-request.ts';
import { createEvents, createResponse } from './response-events.ts';
import { serveInBackground, isBackground, sendStored } from './serve-background.ts';
import type { ServerReply } from './server-reply.ts';
import { sendError, sendJson, startStream, writeEvent } from './write-response.ts';

export type { ParsedRequest } from './read-request.ts';
export type { ServerReply } from './server-reply.ts';

/** Most bytes of one request; far more than a conversation that fits a model. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Default number of requests that stay readable. */
const KEPT_REQUESTS = 10_000;

export interface ResponsesServerOptions {
  answer: (request: ParsedRequest) => Promise<ServerReply> | ServerReply;
  host?: string;
  /** 0, the default, takes a free port. */
  port?: number;
  /** Model names that exist on this server; every name if left out. */
  models?: readonly string[];
  /** How many of the newest requests `requests` has. */
  keptRequests?: number;
}

export interface ResponsesServer {
  /** The base URL for a client, ending in `/v1`. */
  url: string;
  /** Number of requests for responses so far. */
  readonly count: number;
  /** The newest requests, oldest first. */
  readonly requests: readonly ParsedRequest[];
  /** Background responses by their ids. */
  readonly kept: ReadonlyMap<string, StoredResponse>;
  /** Stops listening and ends open connections. */
  close: () => Promise<void>;
}

interface Served {
  options: ResponsesServerOptions;
  requests: ParsedRequest[];
  kept: Map<string, StoredResponse>;
  count: number;
}

/** Starts a server; resolves when it listens, rejects when the port is taken. */
export async function startResponsesServer(options: ResponsesServerOptions): Promise<ResponsesServer> {
  const served: Served = { options, requests: [], kept: new Map(), count: 0 };
  const server = createServer((incoming, outgoing) => {
    serve(served, incoming, outgoing).catch((error: unknown) => {
      // If the function throws, the client gets an error and the process goes on.
      if (outgoing.headersSent) outgoing.destroy();
      else
        sendError(outgoing, {
          status: 500,
          code: 'server_error',
          message: `The answering function threw: ${String(error)}`,
        });
    });
  });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  const { address, family, port } = server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return {
    url: `http://${host}:${port}/v1`,
    get count() {
      return served.count;
    },
    requests: served.requests,
    kept: served.kept,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(served: Served, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://localhost');
  const models = served.options.models ?? [];
  if (pathname === '/v1/models' && incoming.method === 'GET') {
    return sendJson(outgoing, 200, { object: 'list', data: models.map(describeModel) });
  }
  const [, named] = /^\/v1\/models\/(.+)$/.exec(pathname) ?? [];
  if (named !== undefined && incoming.method === 'GET') {
    const model = decodePath(named);
    if (served.options.models && !models.includes(model)) return sendError(outgoing, noSuchModel(model, models));
    return sendJson(outgoing, 200, describeModel(model));
  }
  const [, id, verb] = /^\/v1\/responses\/([^/]+)(\/cancel)?$/.exec(pathname) ?? [];
  if (id !== undefined && incoming.method === (verb ? 'POST' : 'GET')) {
    if (verb) served.kept.get(id)?.cancel();
    return await sendStored(served.kept, { id, search: searchParams }, outgoing);
  }
  if (pathname !== '/v1/responses') {
    const here = 'This server has POST /v1/responses, GET /v1/models and GET /v1/models/{id}.';
    const message = `Unknown request URL: ${incoming.method ?? ''} ${pathname}. ${here}`;
    return sendError(outgoing, { status: 404, code: 'unknown_url', message });
  }
  if (incoming.method !== 'POST') {
    return sendError(outgoing, {
      status: 405,
      code: 'method_not_supported',
      message: `Not allowed to ${incoming.method ?? ''} here: use POST.`,
    });
  }
  const body = await readBody(incoming);
  if (body === undefined)
    return sendError(outgoing, {
      status: 413,
      code: 'request_too_large',
      message: `The body exceeds ${MAX_BODY_BYTES} bytes.`,
    });
  const read = readRequest(body, served.count);
  if (read.kind === 'bad') return sendError(outgoing, read.error);
  const { request } = read;
  if (served.options.models && !models.includes(request.model)) {
    return sendError(outgoing, noSuchModel(request.model, models));
  }
  keep(served, request);
  const said = await served.options.answer(request);
  if (isBackground(request, said)) await serveInBackground(served.kept, request, said, outgoing);
  else await answer(request, said, outgoing);
}

function describeModel(id: string): object {
  return { id, object: 'model', created: 0, owned_by: 'coxswain' };
}

function noSuchModel(model: string, models: readonly string[]): ApiError {
  const message = `The model '${model}' does not exist here: there is ${models.join(', ')}.`;
  return { status: 404, code: 'model_not_found', message, param: 'model' };
}

/** A part of a path as it was before it was encoded; as it is where it can't be decoded. */
function decodePath(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function keep(served: Served, request: ParsedRequest): void {
  const most = served.options.keptRequests ?? KEPT_REQUESTS;
  served.count += 1;
  served.requests.push(request);
  if (served.requests.length > most) served.requests.splice(0, served.requests.length - most);
}

async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read the rest without storing it, so that the client receives the refusal.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

async function answer(request: ParsedRequest, said: ServerReply, outgoing: ServerResponse): Promise<void> {
  if (!('fault' in said)) {
    if (said.delayMs) await waitWhileOpen(said.delayMs, outgoing);
    if (outgoing.destroyed) return;
    const response = createResponse(request, said);
    if (!request.stream) return sendJson(outgoing, 200, response);
    startStream(outgoing);
    for (const event of createEvents(response)) writeEvent(outgoing, event);
    outgoing.end();
    return;
  }
  switch (said.fault) {
    case 'status': {
      const error = {
        error: { message: `A fault of the script: ${said.status}.`, type: 'fault', param: null, code: null },
      };
      return sendJson(outgoing, said.status, said.body ?? error, said.headers);
    }
    case 'garbage':
      outgoing
        .writeHead(200, { 'content-type': 'text/html' })
        .end(said.body ?? '<html><body>Welcome to the hotel network</body></html>');
      return;
    case 'failed': {
      const failed = {
        ...createResponse(request, { items: [] }),
        status: 'failed',
        error: { code: said.code, message: said.message ?? 'A fault of the script.' },
      };
      startStream(outgoing);
      writeEvent(outgoing, {
        type: 'response.failed',
        sequence_number: 0,
        response: failed,
      } as unknown as ResponseStreamEvent);
      outgoing.end();
      return;
    }
    case 'error-event': {
      const message = said.message ?? 'A fault of the script.';
      startStream(outgoing);
      writeEvent(outgoing, { type: 'error', sequence_number: 0, code: said.code, message, param: null });
      outgoing.end();
      return;
    }
    case 'cut-stream':
    case 'no-end':
    case 'hang':
      return breakStream(request, said, outgoing);
  }
}

/** Sends all events but the last, or only the first, and then breaks as the fault says. */
function breakStream(
  request: ParsedRequest,
  said: Extract<ServerReply, { fault: 'cut-stream' | 'no-end' | 'hang' }>,
  outgoing: ServerResponse,
): void {
  const items =
    'items' in said && said.items ? said.items : [{ kind: 'assistant' as const, text: 'I was about to say' }];
  const events = createEvents(createResponse(request, { items }));
  startStream(outgoing);
  if (said.fault === 'hang') {
    for (const event of said.items ? events.slice(0, -1) : events.slice(0, 1)) writeEvent(outgoing, event);
    return;
  }
  for (const event of events.slice(0, -1)) writeEvent(outgoing, event);
  if (said.fault === 'no-end') outgoing.end();
  // Half a line of an event, then the connection closes.
  else outgoing.write('event: response.comp', () => outgoing.destroy());
}

async function waitWhileOpen(delayMs: number, outgoing: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, delayMs);
    outgoing.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
