/**
 * Forwards one plain HTTP request of the proxy's client to the named host.
 * Rule: the request is written anew from its parsed form, on its own connection, so that no part of it can pass for a
 * second request. The host is that of the request's target, whatever its headers say.
 */
import { request as sendRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readAuthority } from '../core/egress.ts';
import { countBytes, isSameHost } from './find-route.ts';
import type { Means, Route } from './find-route.ts';
import type { HostAndPort } from './granted-hosts.ts';

/** Headers that are not forwarded: those between client and proxy, and those that the proxy writes itself. */
const OWN_HEADERS = new Set(
  [
    'connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding',
    'upgrade http2-settings host expect',
  ].flatMap((line) => line.split(' ')),
);
const HTTP_PORT = 80;
/** After so long without a byte, the connection to the host counts as lost. */
const SILENCE_MS = 5 * 60_000;

/** Checks the request, forwards it, and returns the host's response. */
export async function relayRequest(request: IncomingMessage, response: ServerResponse, means: Means): Promise<void> {
  request.on('error', () => response.destroy());
  const [, authority = '', rest = ''] = /^http:\/\/([^/?#\\]*)([/?][^#]*)?$/i.exec(request.url ?? '') ?? [];
  const asked = readAuthority(authority);
  const isMeant = asked !== undefined && isSameHost(asked.host, request.headers.host);
  const target = isMeant ? { ...asked, port: asked.port ?? HTTP_PORT } : undefined;
  const route = await means.find(target, request.url ?? '');
  if (typeof route === 'string') return respond(response, target ? 403 : 400, route);
  try {
    send(request, response, route, { path: rest.startsWith('/') ? rest : `/${rest}`, means });
  } catch (error) {
    respond(response, 400, error instanceof Error ? error.message : String(error));
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
  // Set here, since Node would send the body of a GET without framing, like a second request.
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
  upstream.on('timeout', () => upstream.destroy(new Error(`no byte from the host for ${SILENCE_MS / 60_000} min`)));
  upstream.on('error', (error) => respond(response, 502, error.message));
  upstream.on('response', (received) => {
    received.on('error', () => response.destroy());
    response.writeHead(received.statusCode ?? 502, received.statusMessage, forwardedHeaders(received));
    received.pipe(response);
  });
  // Only if the host sent no response: the rest of one may still be on its way to the client.
  upstream.on('close', () => {
    if (!response.headersSent) respond(response, 502, 'the host closed the connection');
  });
  response.on('close', () => upstream.destroy());
  if (isChunked || request.headers['content-length'] !== undefined) request.pipe(upstream);
  else upstream.end();
}

function hostOf({ host, isAddress, port }: HostAndPort): string {
  const name = isAddress && host.includes(':') ? `[${host}]` : host;
  return port === HTTP_PORT ? name : `${name}:${port}`;
}

/** Names and values in turn, without `OWN_HEADERS` and without those that the Connection header names. */
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

function respond(response: ServerResponse, status: number, reason: string): void {
  if (response.writableEnded) return;
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'Content-Type': 'text/plain', Connection: 'close' });
  response.end(`coxswain: ${reason}\n`);
}
