/** The server speaks the Responses API: events in order, whole without streaming, errors in the API's shape. */
import OpenAI from 'openai';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Item } from '../../../src/core/transcript.ts';
import type { ServerReply } from '../../../src/offline/server/responses-server.ts';
import { startResponsesServer } from '../../../src/offline/server/responses-server.ts';

const ITEMS: Item[] = [
  {
    kind: 'opaque',
    provider: '',
    model: '',
    data: { type: 'reasoning', id: 'rs', summary: [], encrypted_content: 'x' },
  },
  { kind: 'assistant', text: 'Hello' },
  { kind: 'call', callId: 'c', tool: 'shell', arguments: '{"command":"ls"}' },
];

async function serve(
  answer: ServerReply = { items: ITEMS },
  models?: string[],
): Promise<{ url: string; client: OpenAI }> {
  const server = await startResponsesServer({ answer: () => answer, ...(models ? { models } : {}) });
  onTestFinished(() => server.close());
  return {
    url: server.url,
    client: new OpenAI({ apiKey: 'none', baseURL: server.url, maxRetries: 0, logLevel: 'off' }),
  };
}

async function post(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/responses`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

describe('a response', () => {
  test('is streamed as the events of the API, numbered, in its order', async () => {
    const { client } = await serve();
    const events: ResponseStreamEvent[] = [];
    for await (const event of await client.responses.create({ model: 'm', input: 'hi', stream: true }))
      events.push(event);
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map((event) => ('sequence_number' in event ? event.sequence_number : -1))).toEqual(
      events.map((_, at) => at),
    );
  });

  test('is the same streamed through the client library as without streaming', async () => {
    const { client } = await serve();
    const whole = await client.responses.create({ model: 'm', input: 'hi' });
    const streamed = await client.responses.stream({ model: 'm', input: 'hi' }).finalResponse();
    expect(whole.output_text).toBe('Hello');
    expect(streamed.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'function_call']);
    expect(whole.usage).toMatchObject({
      total_tokens: (whole.usage?.input_tokens ?? 0) + (whole.usage?.output_tokens ?? 0),
    });
  });

  test('to an equal request has equal bytes', async () => {
    const { url } = await serve();
    expect(await post(url, { model: 'm', input: 'hi' })).toEqual(await post(url, { model: 'm', input: 'hi' }));
  });
});

describe('an error', () => {
  test.each([
    ['{', 400, 'invalid_json', null],
    [{}, 400, 'invalid_request', 'model'],
    [{ model: 'm', input: [{ type: 'martian' }] }, 400, 'invalid_request', 'input'],
    [
      { model: 'm', input: [{ type: 'function_call_output', call_id: 'x', output: 'y' }] },
      400,
      'invalid_request',
      'input',
    ],
    [
      { model: 'm', input: [{ type: 'function_call', call_id: 'x', name: 'y', arguments: '' }] },
      400,
      'invalid_request',
      'input',
    ],
    [{ model: 'other', input: 'hi' }, 404, 'model_not_found', 'model'],
  ])('for %j is HTTP %i %s', async (body, status, code, param) => {
    const { url } = await serve({ items: ITEMS }, ['m']);
    expect(await post(url, body)).toEqual({
      status,
      body: {
        error: {
          message: expect.any(String) as string,
          type: 'invalid_request_error',
          code,
          param,
        },
      },
    });
  });

  test('for an unknown URL says which URLs exist', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/chat/completions`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(404);
    expect(JSON.stringify(await response.json())).toMatch(/POST \/v1\/responses/);
    expect((await fetch(`${url}/responses`)).status).toBe(405);
  });

  test('reaches the client if the function throws, and the server goes on', async () => {
    const server = await startResponsesServer({
      answer: ({ index }) => {
        if (index === 0) throw new Error('a slip');
        return { items: ITEMS };
      },
    });
    onTestFinished(() => server.close());
    expect(await post(server.url, { model: 'm', input: 'hi' })).toMatchObject({ status: 500 });
    expect(await post(server.url, { model: 'm', input: 'hi' })).toMatchObject({ status: 200 });
  });
});

test('requests are counted, and the newest stay readable', async () => {
  const server = await startResponsesServer({ answer: () => ({ items: ITEMS }), keptRequests: 2 });
  onTestFinished(() => server.close());
  for (const input of ['one', 'two', 'three']) await post(server.url, { model: 'm', input, instructions: 'i' });
  expect(server.count).toBe(3);
  expect(server.requests.map(({ items, instructions, index }) => ({ items, instructions, index }))).toEqual([
    { items: [{ kind: 'user', text: 'two' }], instructions: 'i', index: 1 },
    { items: [{ kind: 'user', text: 'three' }], instructions: 'i', index: 2 },
  ]);
});

test('a model is found by its name, and one that does not exist is an error', async () => {
  const { client } = await serve({ items: ITEMS }, ['coxswain/offline']);
  expect(await client.models.retrieve('coxswain/offline')).toMatchObject({ id: 'coxswain/offline', object: 'model' });
  await expect(client.models.retrieve('other')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
});

test.each<[string, object]>([
  ['previous_response_id', { previous_response_id: 'resp_1' }],
  ['conversation', { conversation: { id: 'conv_1' } }],
  ['prompt', { prompt: { id: 'pmpt_1' } }],
  ['text.format', { text: { format: { type: 'json_object' } } }],
  ['tool_choice', { tool_choice: 'required' }],
  ['tool_choice', { tool_choice: { type: 'function', name: 'shell' } }],
])('what it does not do is refused with the parameter, not left out in silence: %s', async (param, more) => {
  const { url } = await serve();
  const refused = await post(url, { model: 'm', input: 'hi', ...more });
  expect(refused).toMatchObject({ status: 400, body: { error: { code: 'unsupported_parameter', param } } });
});

test('and what asks for nothing more than it does is taken', async () => {
  const { url } = await serve();
  const plain = {
    previous_response_id: null,
    tool_choice: 'auto',
    text: { format: { type: 'text' }, verbosity: 'low' },
  };
  expect(await post(url, { model: 'm', input: 'hi', ...plain })).toMatchObject({ status: 200 });
});

test('half a character is refused, as by other strict servers', async () => {
  const { url } = await serve();
  const half = '{"model":"m","input":"a\\ud83d"}';
  expect(await post(url, half)).toMatchObject({ status: 400, body: { error: { code: 'invalid_json' } } });
});

test('the models are listed', async () => {
  const { client } = await serve({ items: ITEMS }, ['coxswain-offline']);
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['coxswain-offline']);
});

test('a port that is taken is an error at the start', async () => {
  const { url } = await serve();
  const port = Number(new URL(url).port);
  await expect(startResponsesServer({ answer: () => ({ items: ITEMS }), port })).rejects.toThrow(/EADDRINUSE/);
});
