/** A failed model call has its kind, says whether a retry helps and what a person can do, and never shows the key. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openModel } from '../../src/model/call-model.ts';
import type { ServerReply } from '../../src/offline/server/responses-server.ts';
import { startResponsesServer } from '../../src/offline/server/responses-server.ts';
import { CALL, KEY, USER, failureOf, request, serve, settings } from './scripted-model.ts';

describe('a failure', () => {
  const body = (code: string, message = 'no'): unknown => ({ error: { message, type: code, code, param: null } });

  test.each([
    [429, body('rate_limit_exceeded'), 'rate-limited', true],
    [429, body('insufficient_quota', 'You exceeded your current quota'), 'quota', false],
    [402, body('payment_required'), 'quota', false],
    [408, body('timeout'), 'timeout', true],
    [409, body('conflict'), 'overloaded', true],
    [500, body('server_error'), 'overloaded', true],
    [503, 'upstream connect error', 'overloaded', true],
    [529, body('overloaded'), 'overloaded', true],
    [400, body('unknown_parameter'), 'bad-request', false],
    [422, body('invalid'), 'bad-request', false],
    [
      400,
      body('context_length_exceeded', 'Your input exceeds the context window of this model'),
      'context-too-long',
      false,
    ],
    [413, body('too_large'), 'context-too-long', false],
    [400, body('content_policy_violation'), 'content-policy', false],
    [400, body('invalid_prompt', 'flagged as potentially violating our usage policy'), 'content-policy', false],
    [401, body('invalid_api_key'), 'unauthorized', false],
    [403, body('forbidden'), 'unauthorized', false],
    [404, body('model_not_found'), 'not-found', false],
  ] as const)('HTTP %i %j is %s, retryable %s, and was tried once', async (status, answered, kind, retryable) => {
    const server = await serve(() => ({ fault: 'status', status, body: answered }));
    const failure = await failureOf(openModel(settings(server)).call(request()));
    expect(failure).toMatchObject({ kind, retryable, status });
    expect(failure.message).toContain(`model "m" at ${new URL(server.url).host}: ${kind}, HTTP ${status}: `);
    expect(server.count).toBe(1);
  });

  test.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after-ms': '1500' }, 1500],
    [{ 'retry-after': '999999' }, 3_600_000],
    [{ 'retry-after': 'soon' }, undefined],
  ])('with %j asks to wait %s ms', async (headers, expected) => {
    const server = await serve(() => ({ fault: 'status', status: 429, headers: headers as Record<string, string> }));
    expect((await failureOf(openModel(settings(server)).call(request()))).retryAfterMs).toBe(expected);
  });

  test('never shows the key, even where the server repeats it', async () => {
    const answered = body('invalid_api_key', `Incorrect API key provided: ${KEY}, or sk-proj-abc***def.`);
    const server = await serve(() => ({ fault: 'status', status: 401, body: answered }));
    const failure = await failureOf(openModel(settings(server)).call(request()));
    expect(failure.message).toMatch(/Incorrect API key provided: \[hidden\], or \[hidden\]/);
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('secret');
    expect(failure.cause).toBeUndefined();
  });

  test.each([
    [{ fault: 'cut-stream' }, 'broken-stream'],
    [{ fault: 'cut-stream', items: [CALL] }, 'broken-stream'],
    [{ fault: 'no-end', items: [CALL] }, 'broken-stream'],
    [{ fault: 'garbage' }, 'unreadable'],
    [{ fault: 'garbage', body: 'data: {"type": \n\n' }, 'unreadable'],
    [{ fault: 'failed', code: 'server_error' }, 'overloaded'],
    [{ fault: 'failed', code: 'rate_limit_exceeded' }, 'rate-limited'],
    [{ fault: 'failed', code: 'something_new' }, 'failed'],
    [{ fault: 'error-event', code: 'server_error' }, 'overloaded'],
  ] as [ServerReply, string][])(
    '%j in the stream is %s, and nothing of the response is kept',
    async (answered, kind) => {
      const server = await serve(() => answered);
      const failure = await failureOf(openModel(settings(server)).call(request()));
      expect(failure).toMatchObject({ kind, retryable: true });
    },
  );

  test.each([
    ['insufficient_quota', 'quota'],
    ['context_length_exceeded', 'context-too-long'],
    ['bio_policy', 'content-policy'],
  ])('%s inside a stream is %s and not retried', async (code, kind) => {
    const server = await serve(() => ({ fault: 'failed', code }));
    expect(await failureOf(openModel(settings(server)).call(request()))).toMatchObject({ kind, retryable: false });
  });

  test('of a server that falls silent comes at the timeout', async () => {
    const server = await serve(() => ({ fault: 'hang' }));
    const failure = await failureOf(openModel(settings(server, { timeoutMs: 300 })).call(request()));
    expect(failure).toMatchObject({ kind: 'timeout', retryable: true });
    expect(failure.message).toMatch(/within 0\.3 seconds/);
  });

  test('of a server that never sends headers comes at the timeout', async () => {
    const server = await serve(() => ({ items: [CALL], delayMs: 20_000 }));
    const failure = await failureOf(openModel(settings(server, { timeoutMs: 300 })).call(request()));
    expect(failure).toMatchObject({ kind: 'timeout', retryable: true });
  });

  test('of a server that is not there says which address refused', async () => {
    const server = await startResponsesServer({ answer: () => ({ items: [] }) });
    await server.close();
    const failure = await failureOf(openModel(settings(server)).call(request()));
    expect(failure).toMatchObject({ kind: 'unreachable', retryable: true });
    expect(failure.message).toMatch(/ECONNREFUSED.*OPENAI_BASE_URL/);
  });

  test('of a connection that is closed without a response is unreachable', async () => {
    const server = createServer((incoming) => incoming.socket.destroy()).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    expect(await failureOf(openModel(settings({ url })).call(request()))).toMatchObject({
      kind: 'unreachable',
      retryable: true,
    });
  });
});

describe('an abort', () => {
  test.each([{ fault: 'hang' }, { items: [CALL], delayMs: 20_000 }] as ServerReply[])(
    'ends a call to a server that does %j, with its own reason',
    async (answered) => {
      const controller = new AbortController();
      const server = await serve(() => {
        setTimeout(() => controller.abort(new Error('a person said stop')), 50);
        return answered;
      });
      const call = openModel(settings(server)).call(request([USER], { signal: controller.signal }));
      await expect(call).rejects.toThrow('a person said stop');
    },
  );
});
