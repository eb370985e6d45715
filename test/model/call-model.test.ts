/** A model call returns a whole response, repaired if possible; against a real server over HTTP. */
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/core/transcript.ts';
import { openModel } from '../../src/model/call-model.ts';
import type { ParsedRequest, ServerReply } from '../../src/offline/server/responses-server.ts';
import { CALL, REASONING, RESULT, USER, failureOf, request, serve, settings } from './scripted-model.ts';

describe('a response', () => {
  test('comes with its items in order, its tokens and its cost', async () => {
    const text: Item = { kind: 'assistant', text: `Ünïcode ${'x'.repeat(5000)} 🎉` };
    const usage = { inputTokens: 1000, cachedTokens: 400, outputTokens: 50 };
    const server = await serve(() => ({ items: [text, CALL], usage }));
    const prices = { m: { inputPerMillionUsd: 2, cachedInputPerMillionUsd: 1, outputPerMillionUsd: 10 } };
    const progress: number[] = [];
    const onProgress = ({ outputBytes }: { outputBytes: number }): unknown => progress.push(outputBytes);
    const answer = await openModel(settings(server, { prices })).call(request([USER], { onProgress }));
    expect(answer).toEqual({
      items: [text, CALL],
      usage: { ...usage, costUsd: (600 * 2 + 400 * 1 + 50 * 10) / 1_000_000 },
      model: 'm',
      notes: [],
      stop: 'complete',
    });
    expect(progress.at(-1)).toBe(Buffer.byteLength(text.text + CALL.arguments));
  });

  test('is requested once, not stored, with encrypted reasoning, one call at a time, bounded', async () => {
    const server = await serve(() => ({ items: [CALL] }));
    await openModel(settings(server, { efforts: { agents: 'low' } })).call(request());
    expect(server.requests[0]?.raw).toMatchObject({
      model: 'm',
      stream: true,
      store: false,
      instructions: 'Work.',
      parallel_tool_calls: false,
      max_output_tokens: 500,
      prompt_cache_key: 'key',
      include: ['reasoning.encrypted_content'],
      reasoning: { effort: 'low' },
    });
    expect(server.count).toBe(1);
  });

  test('of a model without a price has tokens and no cost', async () => {
    const server = await serve(() => ({ items: [CALL] }));
    const { usage } = await openModel(settings(server)).call(request());
    expect(usage.costUsd).toBeNull();
    expect(usage.inputTokens).toBeGreaterThan(0);
  });

  test('to a longer conversation shares the bytes of the shorter one', async () => {
    const server = await serve(() => ({ items: [CALL] }));
    const model = openModel(settings(server));
    await model.call(request([USER]));
    await model.call(request([USER, CALL, RESULT, { kind: 'user', text: 'steer' }]));
    const [first = '', second = ''] = server.requests.map(({ body }) => body);
    expect(first.endsWith(']}')).toBe(true);
    expect(second.startsWith(first.slice(0, -2))).toBe(true);
    expect(JSON.parse(second)).toMatchObject({
      input: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: USER.text }] },
        { type: 'function_call', call_id: 'call_1', name: 'shell', arguments: '{"command":"ls"}' },
        { type: 'function_call_output', call_id: 'call_1', output: RESULT.output },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'steer' }] },
      ],
    });
  });

  test('is sent back unchanged: texts, calls, results and reasoning', async () => {
    const items: Item[] = [
      { kind: 'opaque', provider: '', model: '', data: REASONING },
      { kind: 'assistant', text: 'I look' },
      CALL,
    ];
    const server = await serve(({ index }) => ({ items: index === 0 ? items : [{ ...CALL, callId: 'call_2' }] }));
    const model = openModel(settings(server));
    const { items: answered } = await model.call(request());
    const opaque = { kind: 'opaque', provider: new URL(server.url).host, model: 'm', data: REASONING };
    expect(answered).toEqual([opaque, ...items.slice(1)]);
    await model.call(request([USER, ...answered, RESULT]));
    expect(server.requests[1]?.items).toEqual([USER, { ...opaque, provider: 'input' }, ...items.slice(1), RESULT]);
  });

  test('with reasoning of another model or provider is sent back without that', async () => {
    const server = await serve(() => ({ items: [CALL] }));
    const host = new URL(server.url).host;
    const foreign: Item[] = [
      { kind: 'opaque', provider: host, model: 'other', data: REASONING },
      { kind: 'opaque', provider: 'elsewhere', model: 'm', data: REASONING },
    ];
    await openModel(settings(server)).call(request([USER, ...foreign]));
    expect(server.requests[0]?.items).toEqual([USER]);
  });
});

describe('a repair', () => {
  const encrypted = 'The encrypted content gAAAA could not be verified.';
  const refuse = (message: string, code = 'invalid_encrypted_content'): ServerReply => ({
    fault: 'status',
    status: 400,
    body: { error: { message, type: 'invalid_request_error', code, param: null } },
  });

  test('leaves out refused reasoning once, says so, and remembers', async () => {
    const hasReasoning = ({ items }: ParsedRequest): boolean => items.some(({ kind }) => kind === 'opaque');
    const server = await serve((received) => (hasReasoning(received) ? refuse(encrypted) : { items: [CALL] }));
    const opaque: Item = { kind: 'opaque', provider: new URL(server.url).host, model: 'm', data: REASONING };
    const model = openModel(settings(server));
    const answer = await model.call(request([USER, opaque]));
    expect(answer.notes).toEqual([expect.stringMatching(/refused 1 items of encrypted reasoning/)]);
    expect(server.count).toBe(2);
    const again = await model.call(request([USER, opaque]));
    expect(again.notes).toEqual([]);
    expect(server.count).toBe(3);
  });

  test('requests no encrypted reasoning if the model has none', async () => {
    const server = await serve(({ raw }) =>
      raw['include'] ? refuse('Encrypted content is not supported with this model.', 'unsupported') : { items: [CALL] },
    );
    const answer = await openModel(settings(server)).call(request());
    expect(answer.notes).toEqual([expect.stringMatching(/has no encrypted reasoning/)]);
    expect(server.count).toBe(2);
  });

  test('ends after two tries: if the server still refuses, it is a bad request', async () => {
    const server = await serve(() => refuse(encrypted));
    const opaque: Item = { kind: 'opaque', provider: new URL(server.url).host, model: 'm', data: REASONING };
    const failure = await failureOf(openModel(settings(server)).call(request([USER, opaque])));
    expect(failure).toMatchObject({ kind: 'bad-request', retryable: false, status: 400 });
    expect(server.count).toBe(3);
  });

  test('drops a call that was cut off, and the reasoning that led to it', async () => {
    const server = await serve(() => ({
      items: [{ kind: 'opaque', provider: '', model: '', data: REASONING }, CALL],
      stop: 'incomplete',
    }));
    const answer = await openModel(settings(server)).call(request());
    expect(answer).toMatchObject({ items: [], stop: 'truncated' });
    expect(answer.notes).toEqual([
      'dropped a call of shell that was cut off',
      expect.stringMatching(/dropped reasoning/),
      'the response is incomplete: max_output_tokens',
    ]);
  });

  test('keeps the text of a response that was cut off after it', async () => {
    const text: Item = { kind: 'assistant', text: 'First I' };
    const server = await serve(() => ({ items: [text], stop: 'incomplete' }));
    expect(await openModel(settings(server)).call(request())).toMatchObject({ items: [text], stop: 'truncated' });
  });

  test('gives a call id that was used before another name', async () => {
    const server = await serve(() => ({ items: [CALL] }));
    const answer = await openModel(settings(server)).call(request([USER, CALL, RESULT]));
    expect(answer.items).toEqual([{ ...CALL, callId: 'call_1-2' }]);
    expect(answer.notes).toEqual([expect.stringMatching(/was used before/)]);
  });

  test('distinguishes an empty response, a refusal and a content filter', async () => {
    const answers: ServerReply[] = [
      { items: [] },
      { items: [], refusal: "I can't help with that" },
      { items: [], stop: 'incomplete', incompleteReason: 'content_filter' },
    ];
    const server = await serve(({ index }) => answers[index] ?? { items: [CALL] });
    const model = openModel(settings(server));
    expect(await model.call(request())).toMatchObject({ stop: 'empty', items: [] });
    const refusal = "I can't help with that";
    expect(await model.call(request())).toMatchObject({
      stop: 'refused',
      refusal,
      items: [{ kind: 'assistant', text: refusal }],
    });
    expect(await model.call(request())).toMatchObject({
      stop: 'refused',
      refusal: expect.stringMatching(/content filter/) as string,
    });
  });
});
