/**
 * Serves the pages at an address of this machine.
 * Rule: it listens on loopback unless told otherwise, and nothing outlives `close`.
 */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import type { Client } from '@temporalio/client';
import { closeWhole, listen } from '../stack/listen.ts';
import { HOST } from '../stack/ports.ts';
import type { HubSettings } from '../git/remote/hub-store.ts';
import { createApp } from './app.ts';
import { makeToken } from './door.ts';

/** The usual port, beside those of Temporal and its UI. */
const WEB_PORT = 8234;

export interface WebSettings {
  /** Default: loopback. */
  host?: string | undefined;
  /** Default: the usual port, or a free one where it is taken. */
  port?: number | undefined;
  /** Default: a random one. */
  token?: string | undefined;
  publicUrl?: string | undefined;
  userHeader?: string | undefined;
  user: string;
  /** Where the hub is, for differences and conversations. */
  hub: HubSettings;
}

export interface Web {
  /** With the token: whoever opens it is in. */
  url: string;
  close(): Promise<void>;
}

/** Serves the pages over a client of Temporal at `address`. */
export async function openWeb(client: Client, address: string, settings: WebSettings): Promise<Web> {
  const { host = HOST, port, token = makeToken(), user, hub, publicUrl, userHeader } = settings;
  if (userHeader !== undefined && settings.token === undefined)
    throw new Error('COXSWAIN_WEB_USER_HEADER needs COXSWAIN_WEB_TOKEN, by which the proxy proves itself: set both');
  const door = { token, port: 0, publicUrl, userHeader, user };
  const { fetch } = createApp({ client, address, hub, door });
  const server = createAdaptorServer({ fetch }) as Server;
  door.port = await listen(server, { host, port, usualPort: WEB_PORT });
  const own = publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${door.port}`;
  return {
    url: userHeader === undefined ? `${own}/?token=${token}` : own,
    close: async () => await closeWhole(server),
  };
}
