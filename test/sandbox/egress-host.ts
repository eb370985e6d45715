/**
 * Shared by the tests of the proxy: a proxy with its own names, a server to reach, and a raw client.
 * Rule: everything listens on this machine's loopback, and no test connects to anything else.
 */
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HostList } from '../../src/core/egress.ts';
import { openProxy } from '../../src/egress/open-proxy.ts';
import type { Proxy } from '../../src/egress/open-proxy.ts';
import { temporaryFolder } from './sandbox-host.ts';

type Names = Record<string, readonly string[]>;

/** A proxy that resolves these names, and the list of names that it looked up. */
export async function proxyWith(
  hosts: HostList,
  names: Names = {},
): Promise<{ path: string; proxy: Proxy; asked: string[] }> {
  const path = join(temporaryFolder(), 'proxy');
  const asked: string[] = [];
  const resolve = async (host: string): Promise<readonly string[]> => {
    asked.push(host);
    const found = names[host];
    if (!found) throw new Error(`no such name: ${host}`);
    return await Promise.resolve(found);
  };
  const proxy = await openProxy({ path, hosts, resolve });
  onTestFinished(async () => await proxy.close());
  return { path, proxy, asked };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that records the head and the body of each request. */
export async function webServer(): Promise<{ port: number; seen: { request: string; host: string; body: string }[] }> {
  const seen: { request: string; host: string; body: string }[] = [];
  const server = createHttpServer((request: IncomingMessage, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ request: `${request.method} ${request.url}`, host: request.headers.host ?? '', body });
      response.end('hello\n');
    });
  });
  return { port: await listen(server), seen };
}

/** Sends bytes to the proxy; returns everything received until the connection closes or `wanted` matches. */
export async function talk(path: string, bytes: string, wanted?: RegExp): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket: Socket = connect(path);
    let text = '';
    const done = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(20_000, () => reject(new Error(`no answer: ${text}`)));
    socket.on('error', done).on('close', done);
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (wanted?.test(text)) done();
    });
    socket.write(bytes);
  });
}

/** A request's text. */
export const get = (url: string, host = new URL(url).host): string =>
  `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
/** The status of a response. */
export const statusOf = (response: string): string => response.split(' ')[1] ?? response;

/** Waits until a condition holds. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
