/**
 * A forward proxy for one command: HTTP and CONNECT, from a unix socket to the granted hosts.
 * Rule: every request is checked separately and gets its own connection. A refusal is logged, and its reason returned.
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
  /** The hosts that were asked for so far. Bytes of a connection count once it has ended. */
  uses(): HostUse[];
  /** Ends all connections and removes the socket. */
  close(): Promise<void>;
}

/** Most concurrent connections; package managers use a few dozen. */
const MAX_CONNECTIONS = 256;
/** Timeout of a request's head, which clients write at once. */
const HEADERS_MS = 30_000;
const MAX_HEADER_BYTES = 64 * 1024;

/** Starts a proxy on a unix socket at `path` (at most 100 bytes), in a folder that only this user can enter. */
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
  // Commands in the sandbox may run as another user. Only a sandbox that has the socket mounted can reach it.
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
