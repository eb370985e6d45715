/**
 * The model's adapter and a scripted server of the real API, for the adapter's tests.
 * Rule: the tests use only the adapter's public functions and real HTTP.
 */
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

export function settings(server: { url: string }, more: Partial<ModelSettings> = {}): ModelSettings {
  return { name: 'm', apiKey: KEY, baseUrl: server.url, prices: {}, timeoutMs: 30_000, ...more };
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
