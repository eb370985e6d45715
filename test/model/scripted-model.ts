/**
 * The model's adapter and a scripted server of the real API, for the adapter's tests.
 * Rule: the tests use only the adapter's public functions and real HTTP.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished } from 'vitest';
import type { Item } from '../../src/core/transcript.ts';
import type { ModelRequest, ModelSettings } from '../../src/model/call-model.ts';
import { ModelFailure } from '../../src/model/model-failure.ts';
import type { ParsedRequest, ResponsesServer, ServerReply } from '../../src/offline/server/responses-server.ts';
import { startResponsesServer } from '../../src/offline/server/responses-server.ts';

export const KEY = 'sk-secret-0123456789';
export const CALL = { kind: 'call', callId: 'call_1', tool: 'shell', arguments: '{"command":"ls"}' } satisfies Item;
export const RESULT = { kind: 'result', callId: 'call_1', output: 'exit status 0\na.js\n' } satisfies Item;
export const USER = { kind: 'user', text: 'Goal: é 🎉' } satisfies Item;
export const REASONING = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' };

export async function serve(answer: (request: ParsedRequest) => ServerReply): Promise<ResponsesServer> {
  const server = await startResponsesServer({ answer });
  onTestFinished(() => server.close());
  return server;
}

/** A server whose bytes the test writes itself. The second value gets each request's body, parsed. */
export async function serveRaw(
  answer: (outgoing: ServerResponse, body: Record<string, unknown>, index: number) => unknown,
): Promise<{ url: string; bodies: Record<string, unknown>[] }> {
  const bodies: Record<string, unknown>[] = [];
  const server = createServer((incoming, outgoing) => {
    void text(incoming).then((sent) => {
      const body = sent === '' ? {} : (JSON.parse(sent) as Record<string, unknown>);
      bodies.push(body);
      return answer(outgoing, body, bodies.length - 1);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, bodies };
}

/** A response that is written out, so that a test can change any byte of it. */
export function wireResponse(output: unknown, more: object = {}): Record<string, unknown> {
  const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
  return { id: 'resp_1', object: 'response', status: 'completed', model: 'm', output, usage, ...more };
}

/** A server that answers every request with a stream of these events. */
export async function serveEvents(...events: unknown[]): ReturnType<typeof serveRaw> {
  return await serveRaw((outgoing) => {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) outgoing.write(`data: ${JSON.stringify(event)}\n\n`);
    outgoing.end();
  });
}

/** A server that answers with a stream whose last event has this response. */
export async function serveOutput(output: unknown, more: object = {}): ReturnType<typeof serveRaw> {
  return await serveEvents({ type: 'response.completed', response: wireResponse(output, more) });
}

export function settings(server: { url: string }, more: Partial<ModelSettings> = {}): ModelSettings {
  return { name: 'm', apiKey: KEY, baseUrl: server.url, prices: {}, timeoutMs: 30_000, idleTimeoutMs: 30_000, ...more };
}

export function request(items: Item[] = [USER], more: Partial<ModelRequest> = {}): ModelRequest {
  return { instructions: 'Work.', items, profile: 'work', cacheKey: 'key', maxOutputTokens: 500, ...more };
}

export async function failureOf(call: Promise<unknown>): Promise<ModelFailure> {
  const error = await call.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ModelFailure);
  return error as ModelFailure;
}
