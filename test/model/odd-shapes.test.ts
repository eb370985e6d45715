/** What other servers send: taken where its meaning is plain, otherwise a failure that says what came. */
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/core/transcript.ts';
import { openModel } from '../../src/model/call-model.ts';
import { failureOf, request, serveEvents, serveOutput, serveRaw, settings, wireResponse } from './scripted-model.ts';

const LS = '{"command":"ls"}';
const call = (more: object): object => ({
  type: 'function_call',
  call_id: 'c1',
  name: 'shell',
  arguments: LS,
  ...more,
});
const taken = (more: object = {}): Item => ({ kind: 'call', callId: 'c1', tool: 'shell', arguments: LS, ...more });

describe('an item of another form is taken as what it plainly means:', () => {
  const text: Item = { kind: 'assistant', text: 'I look' };
  test.each<[string, object, Item]>([
    ['a call without an id', call({ call_id: undefined }), taken({ callId: 'call' })],
    ['a call with the id of its item only', call({ call_id: null, id: 'fc_1' }), taken({ callId: 'fc_1' })],
    ['a call whose arguments are an object', call({ arguments: { command: 'ls' } }), taken()],
    ['a call without arguments', call({ arguments: null }), taken({ arguments: '{}' })],
    ['a call that is marked as in progress to its end', call({ status: 'in_progress' }), taken()],
    [
      'a custom call of apply_patch',
      { type: 'custom_tool_call', call_id: 'c1', name: 'apply_patch', input: '*** Begin Patch\n*** End Patch' },
      taken({ tool: 'apply_patch', arguments: '{"patch":"*** Begin Patch\\n*** End Patch"}' }),
    ],
    ['a message whose content is a text', { type: 'message', role: 'assistant', content: 'I look' }, text],
    ['a message without a type', { role: 'assistant', content: [{ type: 'text', text: 'I look' }] }, text],
    [
      'a message with parts that are empty or unknown',
      { type: 'message', content: [null, { type: 'output_text', text: 'I look' }, { type: 'audio' }] },
      text,
    ],
  ])('%s', async (_, item, expected) => {
    const server = await serveOutput([item]);
    expect((await openModel(settings(server)).call(request())).items).toEqual([expected]);
  });

  test('what is no item is dropped with a note, and the rest counts', async () => {
    const server = await serveOutput([null, 'text', { kind: 'thing' }, { type: 'message', content: null }, call({})]);
    const { items, notes } = await openModel(settings(server)).call(request());
    expect(items).toEqual([taken()]);
    expect(notes).toEqual([
      'dropped a part of the response that is no item: null',
      'dropped a part of the response that is no item: "text"',
      'dropped a part of the response that is no item: {"kind":"thing"}',
    ]);
  });

  test('a call that was cut off is dropped, also where the server does not mark it', async () => {
    const incomplete = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    const cut = [
      call({ arguments: '{"command":"rm -rf ' }),
      { ...call({}), type: 'custom_tool_call', input: '*** Beg' },
    ];
    for (const item of cut) {
      const server = await serveOutput([item], incomplete);
      const answer = await openModel(settings(server)).call(request());
      expect(answer).toMatchObject({ items: [], stop: 'truncated' });
      expect(answer.notes[0]).toBe('dropped a call of shell that was cut off');
    }
  });
});

describe('a whole answer as JSON, though a stream was asked for,', () => {
  test.each(['application/json', 'text/event-stream', 'text/plain'])('counts like its stream (%s)', async (type) => {
    const server = await serveRaw((outgoing) => {
      outgoing.writeHead(200, { 'content-type': type }).end(`\n${JSON.stringify(wireResponse([call({})]))}`);
    });
    expect(await openModel(settings(server)).call(request())).toMatchObject({ items: [taken()], stop: 'complete' });
  });

  test('is the failure that it describes', async () => {
    const server = await serveRaw((outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'application/json' });
      outgoing.end('{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}');
    });
    expect(await failureOf(openModel(settings(server)).call(request()))).toMatchObject({ kind: 'rate-limited' });
  });
});

describe('a stream', () => {
  test('may have events that are null or unknown, comments, a byte-order mark and another content type', async () => {
    const end = { type: 'response.completed', response: wireResponse([], { output: [] }) };
    const done = { type: 'response.output_item.done', output_index: 0, item: call({}) };
    const server = await serveRaw((outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/plain' });
      outgoing.write('\ufeff: hello\n\ndata: null\n\ndata: {"type":"gateway.note"}\n\n');
      outgoing.end(`data: ${JSON.stringify(done)}\n\ndata: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
    });
    expect((await openModel(settings(server)).call(request())).items).toEqual([taken()]);
  });
});

describe('what is no response', () => {
  const html = '<html><body>Welcome to the hotel network</body></html>';
  test.each<[string, string, string, RegExp]>([
    ['a login page', 'text/html', html, /HTTP 200 with content type text\/html, which begins "<html><body>Welcome/],
    ['an empty body', 'text/event-stream', '', /HTTP 200 with content type text\/event-stream, and no body/],
    ['another API’s object', 'application/json', '{"choices":[]}', /which begins "\{\\"choices\\":\[\]\}"/],
    ['a half object', 'application/json', '{"output":[', /which begins "\{\\"output\\":\["/],
    [
      'another API’s stream',
      'text/event-stream',
      'data: {"choices":[]}\n\n',
      /other events; the first is \{"choices":\[\]\}/,
    ],
    ['an event that is not JSON', 'text/event-stream', 'data: {"type": \n\n', /can't be read: .*malformed/],
    ['an end without a response', 'text/event-stream', 'data: {"type":"response.completed"}\n\n', /without a response/],
  ])(
    'is a failure of its own kind that says what came, and is asked for few times: %s',
    async (_, type, body, says) => {
      const server = await serveRaw((outgoing) => outgoing.writeHead(200, { 'content-type': type }).end(body));
      const failure = await failureOf(openModel(settings(server)).call(request()));
      expect(failure).toMatchObject({ kind: 'unreadable', retryable: true, tries: 3 });
      expect(failure.message).toMatch(says);
    },
  );

  test('an error of a stream without a code is unknown, and asked for few times', async () => {
    const server = await serveEvents({ type: 'error', message: 'no idea' });
    const failure = await failureOf(openModel(settings(server)).call(request()));
    expect(failure).toMatchObject({ kind: 'failed', tries: 3 });
    expect(failure.message).toContain('error: no idea');
  });
});

describe('a count of tokens', () => {
  const answer = { type: 'message', role: 'assistant', content: 'x'.repeat(400) };
  test.each<[string, object | null, { input: 'counted' | 'estimated'; output: 'counted' | 'estimated' }]>([
    ['of zeros', { input_tokens: 0, output_tokens: 0, total_tokens: 0 }, { input: 'estimated', output: 'estimated' }],
    ['that is missing', null, { input: 'estimated', output: 'estimated' }],
    ['of another kind', { input_tokens: '12', output_tokens: -3 }, { input: 'estimated', output: 'estimated' }],
    ['of the input only', { input_tokens: 777 }, { input: 'counted', output: 'estimated' }],
    ['by the names of Chat', { prompt_tokens: 777, completion_tokens: 55 }, { input: 'counted', output: 'counted' }],
  ])('%s is replaced by an estimate, which is said to be one', async (_, usage, { input, output }) => {
    const server = await serveOutput([answer], { usage });
    const asked = request([{ kind: 'user', text: 'y'.repeat(4000) }]);
    const { usage: counted, notes } = await openModel(settings(server)).call(asked);
    if (input === 'counted') expect(counted.inputTokens).toBe(777);
    else expect(counted.inputTokens).toBeGreaterThan(1000);
    if (output === 'counted') expect(counted.outputTokens).toBe(55);
    else expect(counted.outputTokens).toBeGreaterThan(100);
    const estimated = [input, output].filter((how) => how === 'estimated').length;
    expect(notes).toHaveLength(estimated === 0 ? 0 : 1);
    if (estimated > 0) expect(notes[0]).toMatch(/^the server counted no .* tokens: estimated/);
  });

  test('of cached tokens by the names of Chat is kept', async () => {
    const usage = { prompt_tokens: 700, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 512 } };
    const server = await serveOutput([answer], { usage });
    expect((await openModel(settings(server)).call(request())).usage.cachedTokens).toBe(512);
  });
});

describe('words of the model', () => {
  test('go back in the easy form, which servers with strict types take, with their phase', async () => {
    const server = await serveOutput([
      { type: 'message', role: 'assistant', phase: 'commentary', content: [{ type: 'output_text', text: 'I look' }] },
      { type: 'message', role: 'assistant', phase: 'other', content: 'Done' },
    ]);
    const model = openModel(settings(server));
    const { items } = await model.call(request());
    expect(items).toEqual([
      { kind: 'assistant', text: 'I look', phase: 'commentary' },
      { kind: 'assistant', text: 'Done' },
    ]);
    await model.call(request(items));
    expect(server.bodies[1]?.['input']).toEqual([
      { type: 'message', role: 'assistant', content: 'I look', phase: 'commentary' },
      { type: 'message', role: 'assistant', content: 'Done' },
    ]);
  });
});
