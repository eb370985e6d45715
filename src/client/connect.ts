/**
 * Connects a client to Temporal, with the payload converter that workers and workflows use.
 * Rule: every face goes through here, so that none can send what a workflow can't read.
 */
import { fileURLToPath } from 'node:url';
import type { ConnectionOptions } from '@temporalio/client';
import { Client, Connection } from '@temporalio/client';

export interface Connected {
  client: Client;
  close(): Promise<void>;
}

/** Connects; fails within the connection's own timeout when nobody answers. */
export async function connectClient(options: {
  address: string;
  namespace: string;
  connectionOptions?: Omit<ConnectionOptions, 'address'>;
}): Promise<Connected> {
  const connection = await Connection.connect({ ...options.connectionOptions, address: options.address });
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const payloadConverterPath = fileURLToPath(new URL(`../workflows/payload-converter${ending}`, import.meta.url));
  const client = new Client({ connection, namespace: options.namespace, dataConverter: { payloadConverterPath } });
  return { client, close: async () => await connection.close() };
}
