/** How long a call waits for its server: our two limits, and nothing else, end a call. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { MAX_MODEL_SECONDS, MODEL_ACTIVITY_MS } from '../../src/core/budget/model-limits.ts';
import { openModel } from '../../src/model/call-model.ts';
import { failureOf, request, serve, serveRaw, settings, wireResponse } from './scripted-model.ts';

describe('a server that is silent', () => {
  test.each([
    ['before its headers', { items: [], delayMs: 20_000 }],
    ['in the middle of its response', { fault: 'hang' }],
  ] as const)(
    '%s longer than the limit of silence ends the call, which names the limit and its setting',
    async (_, said) => {
      const server = await serve(() => ({ ...said, items: [] }));
      const failure = await failureOf(openModel(settings(server, { idleTimeoutMs: 300 })).call(request()));
      expect(failure).toMatchObject({ kind: 'silent', retryable: true });
      expect(failure.message).toMatch(/no byte came for 0\.3 seconds.*COXSWAIN_MODEL_IDLE_SECONDS/);
    },
  );

  test('but sends a comment now and then is waited for until its response is complete', async () => {
    const server = await serveRaw(async (outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let sent = 0; sent < 8; sent += 1) {
        outgoing.write(': still thinking\n\n');
        await delay(200);
      }
      const response = wireResponse([{ type: 'message', role: 'assistant', content: 'done' }]);
      outgoing.end(`data: ${JSON.stringify({ type: 'response.completed', response })}\n\n`);
    });
    const { items } = await openModel(settings(server, { idleTimeoutMs: 900 })).call(request());
    expect(items).toEqual([{ kind: 'assistant', text: 'done' }]);
  });

  test('but sends comments for ever is ended by the limit of the whole call, which names its setting', async () => {
    const server = await serveRaw(async (outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
      while (!outgoing.destroyed) {
        outgoing.write(': still thinking\n\n');
        await delay(50);
      }
    });
    const failure = await failureOf(openModel(settings(server, { timeoutMs: 600 })).call(request()));
    expect(failure).toMatchObject({ kind: 'timeout', retryable: true });
    expect(failure.message).toMatch(/within 0\.6 seconds.*COXSWAIN_MODEL_TIMEOUT_SECONDS/);
  });
});

test('by default a server may be silent for 15 minutes and take an hour, and an activity waits longer than its calls', () => {
  const { model } = readConfig({}, '/');
  expect([model.idleTimeoutMs, model.timeoutMs]).toEqual([900_000, 3_600_000]);
  // A summary in three tries, and the response.
  expect(MODEL_ACTIVITY_MS).toBeGreaterThan(4 * MAX_MODEL_SECONDS * 1000);
});

describe('a proxy', () => {
  test('that is configured gets the request, except for servers on this machine', async () => {
    const server = await serve(() => ({ items: [{ kind: 'assistant', text: 'direct' }] }));
    // No proxy is at this address, so a request that goes through it fails.
    const proxies = { HTTP_PROXY: 'http://127.0.0.1:1', https_proxy: '127.0.0.1:1' };
    const direct = await openModel(settings(server, { proxies })).call(request());
    expect(direct.items).toEqual([{ kind: 'assistant', text: 'direct' }]);
    const away = { url: 'https://models.example.com/v1' };
    const failure = await failureOf(openModel(settings(away, { proxies })).call(request()));
    expect(failure).toMatchObject({ kind: 'unreachable' });
    expect(failure.message).toMatch(/ECONNREFUSED 127\.0\.0\.1:1/);
  });
});
