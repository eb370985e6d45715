/**
 * A forward proxy for one command: HTTP and CONNECT, from a unix socket to the hosts that were granted.
 * Rule: every request is judged by itself and gets a connection of its own; what is refused is told and logged.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HostUse, NetworkGrant } from '../core/egress.ts';
import { findRoute, refuseUnreadable, resolveAll } from './find-route.ts';
import type { Means, Resolve } from './find-route.ts';
import { relayRequest } from './relay-request.ts';
import { HostLog } from './host-log.ts';
import { readGrantedHosts } from './granted-hosts.ts';
import { openTunnel } from './open-tunnel.ts';

/** A proxy while it listens. */
export interface Proxy {
  /** What was asked of it so far; the bytes of a connection are counted when it has ended. */
  uses(): HostUse[];
  /** Ends all connections and removes the socket. */
  close(): Promise<void>;
}

/** At most this many connections at once: package managers use a few dozen. */
const MAX_CONNECTIONS = 256;
/** A command writes its request's head at once. */
const HEADERS_MS = 30_000;
const MAX_HEADER_BYTES = 64 * 1024;

/** Starts a proxy that listens on a unix socket at `path` (at most 100 bytes), in a folder of the caller's own. */
export async function openProxy({
  path,
  hosts,
  resolve = resolveAll,
}: {
  path: string;
  hosts: Exclude<NetworkGrant, false>;
  resolve?: Resolve;
}): Promise<Proxy> {
  const log = new HostLog();
  const parts = { judge: readGrantedHosts(hosts), log, resolve };
  const open = new Set<Duplex>();
  const means: Means = {
    find: async (asked, text) => (asked ? await findRoute(parts, asked) : refuseUnreadable(log, text)),
    keep: (socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    },
  };
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: 0, maxHeaderSize: MAX_HEADER_BYTES });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (client) => means.keep(client));
  server.on('connect', (request, client, head) => void openTunnel(request, client, head, means));
  server.on('request', (request, response) => void relayRequest(request, response, means));
  server.on('clientError', (_error, client) => {
    if (client.writable) client.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else client.destroy();
  });
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(path, done);
  });
  // Whatever user the sandbox's commands are: who sees the socket at all may use it.
  await chmod(path, 0o666);
  return {
    uses: () => log.list(),
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      const ended = [...open].map(async (socket) => {
        await new Promise((gone) => {
          socket.once('close', gone).destroy();
        });
      });
      await Promise.all([closed, ...ended]);
      await rm(path, { force: true });
    },
  };
}
