/**
 * Serves one CONNECT request: a tunnel to the named host, through which the client speaks TLS itself.
 * Rule: nothing is sent to a host before it is allowed, and a tunnel ends when either side ends.
 */
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { readAuthority } from '../core/egress.ts';
import { countBytes, isSameHost } from './find-route.ts';
import type { Means } from './find-route.ts';

/** Timeout of connecting to a host. */
const CONNECT_MS = 30_000;

/** Checks the target and connects client and host. `head`: bytes that the client sent right after its request. */
export async function openTunnel(request: IncomingMessage, client: Duplex, head: Buffer, means: Means): Promise<void> {
  client.on('error', () => client.destroy());
  const text = request.url ?? '';
  const asked = readAuthority(text);
  const isMeant = asked !== undefined && asked.port !== null && isSameHost(asked.host, request.headers.host);
  const route = await means.find(isMeant ? { ...asked, port: asked.port ?? 0 } : undefined, text);
  if (typeof route === 'string') return end(client, isMeant ? '403 Forbidden' : '400 Bad Request', route);
  const { target, lookup, use } = route;
  const upstream = connect({ host: target.host, port: target.port, lookup });
  means.keep(upstream);
  let isOpen = false;
  upstream.setTimeout(CONNECT_MS, () => upstream.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`)));
  upstream.once('connect', () => {
    isOpen = true;
    upstream.setTimeout(0);
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.write(head);
    client.pipe(upstream).pipe(client);
  });
  upstream.on('error', (error) => {
    if (isOpen) client.destroy();
    else end(client, '502 Bad Gateway', error.message);
  });
  upstream.on('close', () => {
    countBytes(use, upstream);
    if (isOpen) client.destroy();
  });
  client.on('close', () => upstream.destroy());
  if (client.destroyed) upstream.destroy();
}

function end(client: Duplex, status: string, reason: string): void {
  const body = `coxswain: ${reason}\n`;
  const headers = `Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  client.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
}
