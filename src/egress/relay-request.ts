/**
 * Forwards one plain HTTP request of a proxy's client to the host that it names.
 * Rule: what goes out is written anew from the parsed request, over a connection of its own, so that nothing in it can
 * be taken for a second one; the host is that of the request's target, whatever its headers say.
 */
import { request as sendRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readAuthority } from '../core/egress.ts';
import { countBytes, isSameHost } from './find-route.ts';
import type { Means, Route } from './find-route.ts';
import type { HostAndPort } from './granted-hosts.ts';

/** Headers that are between two neighbours, not for the host, and those that are written anew. */
const OWN_HEADERS = new Set(
  [
    'connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding',
    'upgrade http2-settings host expect',
  ].flatMap((line) => line.split(' ')),
);
const HTTP_PORT = 80;
/** A host that says nothing at all for so long has lost the connection. */
const SILENCE_MS = 5 * 60_000;

/** Judges the request, sends it on and its answer back. */
export async function relayRequest(request: IncomingMessage, response: ServerResponse, means: Means): Promise<void> {
  request.on('error', () => response.destroy());
  const [, authority = '', rest = ''] = /^http:\/\/([^/?#\\]*)([/?][^#]*)?$/i.exec(request.url ?? '') ?? [];
  const asked = readAuthority(authority);
  const isMeant = asked !== undefined && isSameHost(asked.host, request.headers.host);
  const target = isMeant ? { ...asked, port: asked.port ?? HTTP_PORT } : undefined;
  const route = await means.find(target, request.url ?? '');
  if (typeof route === 'string') return answer(response, target ? 403 : 400, route);
  try {
    send(request, response, route, { path: rest.startsWith('/') ? rest : `/${rest}`, means });
  } catch (error) {
    answer(response, 400, error instanceof Error ? error.message : String(error));
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  route: Route,
  { path, means }: { path: string; means: Means },
): void {
  const { target, lookup } = route;
  const isChunked = request.headers['transfer-encoding'] !== undefined;
  // Named, since Node would send the body of a GET bare, as if it were a second request.
  const framing = isChunked ? ['Transfer-Encoding', 'chunked'] : [];
  const upstream = sendRequest({
    host: target.host,
    port: target.port,
    method: request.method,
    path,
    lookup,
    agent: false,
    setHost: false,
    timeout: SILENCE_MS,
    headers: ['Host', hostOf(target), ...forwardedHeaders(request), ...framing, 'Connection', 'close'],
  });
  upstream.on('socket', (socket) => {
    means.keep(socket);
    socket.once('close', () => countBytes(route.use, socket));
  });
  upstream.on('timeout', () => upstream.destroy(new Error('the host said nothing for too long')));
  upstream.on('error', (error) => answer(response, 502, error.message));
  upstream.on('response', (answered) => {
    answered.on('error', () => response.destroy());
    response.writeHead(answered.statusCode ?? 502, answered.statusMessage, forwardedHeaders(answered));
    answered.pipe(response);
  });
  // One that ended without an answer; the rest of an answer may still be on its way to the client.
  upstream.on('close', () => {
    if (!response.headersSent) answer(response, 502, 'the host closed the connection');
  });
  response.on('close', () => upstream.destroy());
  if (isChunked || request.headers['content-length'] !== undefined) request.pipe(upstream);
  else upstream.end();
}

function hostOf({ host, isAddress, port }: HostAndPort): string {
  const name = isAddress && host.includes(':') ? `[${host}]` : host;
  return port === HTTP_PORT ? name : `${name}:${port}`;
}

/** Names and values in turn, without those that are the proxy's own affair, nor those that the sender declared so. */
function forwardedHeaders(message: IncomingMessage): string[] {
  const declared = new Set((message.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const headers: string[] = [];
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = message.rawHeaders.slice(at, at + 2);
    const key = name.toLowerCase();
    if (!OWN_HEADERS.has(key) && (key === 'content-length' || !declared.has(key))) headers.push(name, value);
  }
  return headers;
}

function answer(response: ServerResponse, status: number, reason: string): void {
  if (response.writableEnded) return;
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'Content-Type': 'text/plain', Connection: 'close' });
  response.end(`coxswain: ${reason}\n`);
}
