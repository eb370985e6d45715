/**
 * Connects a client to Temporal, with the payload converter that workers and workflows use.
 * Rule: every client connects through here, so that each sends only what workflows can read.
 */
import { fileURLToPath } from 'node:url';
import type { ConnectionOptions } from '@temporalio/client';
import { Client, Connection } from '@temporalio/client';
import { ClientFailure } from './client-failure.ts';

/** A server on this machine answers in milliseconds, one across the world in a second or two. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface Connected {
  client: Client;
  connection: Connection;
  close(): Promise<void>;
}

/** Connects, or throws a `ClientFailure` within seconds if no server answers. */
export async function connectClient(options: {
  address: string;
  namespace: string;
  connectionOptions?: Omit<ConnectionOptions, 'address'> | undefined;
}): Promise<Connected> {
  const { address, namespace, connectionOptions } = options;
  const connection = await Connection.connect({
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...connectionOptions,
    address,
  }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClientFailure('no-server', `no Temporal server answers at ${address}: ${reason}`, error);
  });
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const payloadConverterPath = fileURLToPath(new URL(`../workflows/payload-converter${ending}`, import.meta.url));
  const client = new Client({ connection, namespace, dataConverter: { payloadConverterPath } });
  return { client, connection, close: async () => await connection.close() };
}
