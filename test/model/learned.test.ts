/** What a server refuses is left out from then on, for the model that refused it, and said once; over real HTTP. */
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/core/transcript.ts';
import { openModel } from '../../src/model/call-model.ts';
import type { ParsedRequest, ResponsesServer, ServerReply } from '../../src/offline/server/responses-server.ts';
import { CALL, REASONING, USER, failureOf, request, serve, serveOutput, settings } from './scripted-model.ts';

const refuse = (message: string, more: object = {}, status = 400): ServerReply => ({
  fault: 'status',
  status,
  body: { error: { message, type: 'invalid_request_error', ...more } },
});

/** A server that refuses requests with an option. */
async function refusing(option: string, reply: ServerReply, of?: string): Promise<ResponsesServer> {
  const isRefused = ({ raw, model }: ParsedRequest): boolean => option in raw && (of === undefined || model === of);
  return await serve((received) => (isRefused(received) ? reply : { items: [CALL] }));
}

describe('an option that a server does not take', () => {
  test.each<[string, string, object]>([
    ['prompt_cache_key', "Unknown parameter: 'prompt_cache_key'.", { param: 'prompt_cache_key' }],
    ['parallel_tool_calls', 'parallel_tool_calls is not supported with this model', {}],
    ['store', 'Extra inputs are not permitted', { detail: [{ loc: ['body', 'store'] }], param: 'store' }],
    ['include', 'no such thing', { param: 'include[0]' }],
    ['reasoning', "Unsupported value: 'low' is not supported with this model.", { param: 'reasoning.effort' }],
    ['max_output_tokens', 'max_tokens is too large: 64000. It supports at most 16384 completion tokens.', {}],
    [
      'max_output_tokens',
      'maximum context length is 8192 tokens, you requested 9000 (1000 in the messages, 8000 in the completion)',
      {},
    ],
  ])('is left out from then on, and said once: %s', async (option, message, more) => {
    const server = await refusing(option, refuse(message, more));
    const model = openModel(settings(server, { efforts: { agents: 'low' } }));
    const first = await model.call(request());
    expect(first.items).toEqual([CALL]);
    expect(first.notes).toEqual([expect.stringMatching(`refused ${option} for m: left out from now on; `)]);
    expect((await model.call(request())).notes).toEqual([]);
    expect(server.count).toBe(3);
    // Only that one is left out.
    const kept = ['store', 'parallel_tool_calls', 'max_output_tokens', 'prompt_cache_key', 'include', 'reasoning'];
    expect(server.requests[2]?.raw).not.toHaveProperty(option);
    for (const other of kept.filter((one) => one !== option)) expect(server.requests[2]?.raw).toHaveProperty(other);
  });

  test('of a server without a field for it is learned from the place in its error', async () => {
    const body = {
      detail: [{ type: 'extra_forbidden', loc: ['body', 'store'], msg: 'Extra inputs are not permitted' }],
    };
    const server = await refusing('store', { fault: 'status', status: 422, body });
    expect((await openModel(settings(server)).call(request())).items).toEqual([CALL]);
  });

  test('is the room for a response where a limit for a minute counts that room', async () => {
    const said = 'Request too large for m on tokens per min (TPM): Limit 30000, Requested 65000.';
    const server = await refusing('max_output_tokens', refuse(said, { code: 'rate_limit_exceeded' }, 429));
    expect((await openModel(settings(server)).call(request())).items).toEqual([CALL]);
  });

  test('for one model is still sent for another model, and a failure names the model that was asked', async () => {
    const server = await refusing('prompt_cache_key', refuse("Unknown parameter: 'prompt_cache_key'."), 'second');
    const model = openModel(settings(server));
    await model.call(request([USER], { model: 'second' }));
    await model.call(request());
    expect(server.requests.at(-1)?.raw).toMatchObject({ model: 'm', prompt_cache_key: 'key' });
    const broken = await serve(() => refuse('no'));
    const failure = await failureOf(openModel(settings(broken)).call(request([USER], { model: 'second' })));
    expect(failure.message).toContain('model "second" at ');
  });

  test('is not guessed from words of other refusals', async () => {
    const server = await serve(() => refuse('Your request may include content that we do not store or allow'));
    expect(await failureOf(openModel(settings(server)).call(request()))).toMatchObject({ kind: 'bad-request' });
    expect(server.count).toBe(1);
  });
});

describe('reasoning that is not found at its server', () => {
  test.each<[number, string]>([
    [404, "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false."],
    [400, "Item 'rs_1' of type 'reasoning' was provided without its required following item."],
  ])('is left out (HTTP %i)', async (status, said) => {
    const hasReasoning = ({ items }: ParsedRequest): boolean => items.some(({ kind }) => kind === 'opaque');
    const server = await serve((got) => (hasReasoning(got) ? refuse(said, {}, status) : { items: [CALL] }));
    const opaque: Item = { kind: 'opaque', provider: new URL(server.url).host, model: 'm', data: REASONING };
    const answer = await openModel(settings(server)).call(request([USER, opaque]));
    expect(answer.items).toEqual([CALL]);
    expect(answer.notes).toEqual([expect.stringMatching(/refused 1 items of encrypted reasoning/)]);
  });

  test('is not kept at all where only its id came: nothing is stored there', async () => {
    const call = { type: 'function_call', call_id: 'call_1', name: 'shell', arguments: '{"command":"ls"}' };
    const plain = { type: 'reasoning', id: 'rs_2', summary: [], content: [{ type: 'reasoning_text', text: 'so' }] };
    const bare = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: null };
    const server = await serveOutput([bare, REASONING, plain, call]);
    const { items } = await openModel(settings(server)).call(request());
    expect(items.map((item) => (item.kind === 'opaque' ? item.data : item))).toEqual([REASONING, plain, CALL]);
  });
});
