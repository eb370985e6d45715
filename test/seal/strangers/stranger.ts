/**
 * An attacker with a client and a worker in the namespace, but no key: copies payloads from histories and sends them.
 * Rule: nothing here reads the tests' key.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { inject, onTestFinished } from 'vitest';
import type { RawPayload } from './converter.ts';

const payloadConverterPath = fileURLToPath(new URL('converter.ts', import.meta.url));

export interface Stranger {
  client: Client;
  taskQueue: string;
}

/** The attacker's worker on its own task queue, and a client. */
export async function startStranger(): Promise<Stranger> {
  const address = inject('temporalAddress');
  const taskQueue = `stranger-${randomUUID().slice(0, 8)}`;
  const native = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowsPath: fileURLToPath(new URL('workflows.ts', import.meta.url)),
    dataConverter: { payloadConverterPath },
  });
  const ended = worker.run();
  ended.catch(() => undefined);
  const connection = await Connection.connect({ address });
  onTestFinished(async () => {
    worker.shutdown();
    await ended;
    await native.close();
    await connection.close();
  });
  return { client: new Client({ connection, dataConverter: { payloadConverterPath } }), taskQueue };
}

/** A payload of a history, to be sent again. */
export function copy(payload: Payload | null | undefined): RawPayload {
  const metadata = Object.entries(payload?.metadata ?? {});
  const toText = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64');
  return {
    raw: {
      metadata: Object.fromEntries(metadata.map(([name, bytes]) => [name, toText(bytes)])),
      data: toText(payload?.data),
    },
  };
}
