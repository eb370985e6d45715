/**
 * The stack that commands talk to: a configured Temporal, or the embedded one that runs already.
 * Rule: nothing that a worker needs is loaded here, since every command waits for what this file loads.
 */
import type { Client, Connection } from '@temporalio/client';
import type { Connected } from '../../client/connect.ts';
import { connectClient } from '../../client/connect.ts';
import { findMissingSearchAttributes } from '../../client/search-attributes.ts';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import { ownLine } from './own-line.ts';
import { readStackRecord } from './stack-record.ts';

export interface Stack {
  client: Client;
  connection: Connection;
  address: string;
  namespace: string;
  /** Only for an embedded server. */
  uiUrl: string | undefined;
  /** Whether this process runs the worker. */
  own: boolean;
  model: string;
  /** Settles when a part of a stack that this process runs ends by itself. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

/** A person has to do something first; the message says what. */
export class StackError extends Error {
  override name = 'StackError';
}

const never = new Promise<never>(() => undefined);

/** A client for a configured Temporal or a running embedded stack; undefined when neither is there. */
export async function attach(config: Config): Promise<Stack | undefined> {
  const configured = config.temporal;
  const record = configured ? undefined : await readStackRecord(config);
  if (!configured && !record) return undefined;
  const address = configured?.address ?? record?.address ?? '';
  const namespace = configured?.namespace ?? 'default';
  const connected = await connectClient({
    address,
    namespace,
    ...(configured ? { connectionOptions: configured.options } : {}),
  });
  return {
    ...place(connected, address, namespace, record?.uiUrl),
    own: false,
    model: 'that of its worker',
    ended: never,
    stop: () => connected.close(),
  };
}

/** What commands use of a connection. */
export function place(
  connected: Connected,
  address: string,
  namespace: string,
  uiUrl: string | undefined,
): Pick<Stack, 'client' | 'connection' | 'address' | 'namespace' | 'uiUrl'> {
  return { client: connected.client, connection: connected.connection, address, namespace, uiUrl };
}

/** Throws if the configured Temporal lacks our search attributes: workflows get stuck without them. */
export async function checkSearchAttributes(stack: Stack): Promise<void> {
  const missing = await findMissingSearchAttributes(stack.connection, stack.namespace);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new StackError(`Temporal at ${stack.address} lacks the search attributes ${names}: run "cox setup" once`);
}

/** Runs the body of a command on the configured or running stack. */
export async function withStack<T>(body: (stack: Stack, config: Config) => Promise<T>): Promise<T> {
  const config = readConfig();
  const stack = await attach(config);
  if (!stack)
    throw new StackError(
      `no stack runs from ${config.stateDir} and no Temporal is configured: set TEMPORAL_ADDRESS, or run  ${ownLine(config, ['up'])}`,
    );
  try {
    return await body(stack, config);
  } finally {
    await stack.stop();
  }
}
