/** The kind of a server's error, by codes before words, as servers word it; over real HTTP. */
import { describe, expect, test } from 'vitest';
import { openModel } from '../../src/model/call-model.ts';
import { failureOf, request, serve, settings } from './scripted-model.ts';

async function failed(status: number, body: unknown): ReturnType<typeof failureOf> {
  const server = await serve(() => ({ fault: 'status', status, body }));
  return await failureOf(openModel(settings(server)).call(request()));
}
const error = (message: string, more: object = {}): object => ({ error: { message, ...more } });

describe('a code decides, whatever the words are:', () => {
  const billing =
    'Rate limit reached for m. Visit https://platform.example.com/account/billing to add a payment method.';
  test.each<[string, number, object, string]>([
    [
      'a rate limit that links to billing',
      429,
      error(billing, { code: 'rate_limit_exceeded', type: 'requests' }),
      'rate-limited',
    ],
    ['spent quota', 429, error('You exceeded your current quota', { code: 'insufficient_quota' }), 'quota'],
    ['a type without a code', 429, error(billing, { type: 'rate_limit_error' }), 'rate-limited'],
    [
      'a status name (Google)',
      429,
      [error('Check your plan and billing details', { code: 429, status: 'RESOURCE_EXHAUSTED' })] as object,
      'rate-limited',
    ],
    ['a class name (litellm)', 400, error('too much', { type: 'ContextWindowExceededError' }), 'context-too-long'],
    [
      'a refusal of the content',
      400,
      error('The prompt is too long and was flagged', { code: 'content_filter' }),
      'content-policy',
    ],
    ['a missing model', 400, error('no such thing', { code: 'model_not_found' }), 'not-found'],
  ])('%s', async (_, status, body, kind) => {
    expect(await failed(status, body)).toMatchObject({ kind });
  });

  test('without a code, words about money count, and a wait that is named does not look like spent money', async () => {
    expect(await failed(429, error('You have run out of credits'))).toMatchObject({ kind: 'quota' });
    expect(await failed(400, error('Your credit balance is too low'))).toMatchObject({ kind: 'quota' });
    const wait = await failed(429, error('You exceeded your current quota. Please retry in 12.5s.'));
    expect(wait).toMatchObject({ kind: 'rate-limited', retryAfterMs: 12_500 });
    expect(await failed(429, error(billing))).toMatchObject({ kind: 'rate-limited' });
  });
});

describe('a conversation that is too long is understood', () => {
  const wordings = [
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    'Your input exceeds the context window of this model. Please adjust your input and try again.',
    'prompt is too long: 210000 tokens > 200000 maximum',
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
    'Input is too long for requested model.',
    'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
    'the request exceeds the available context size. try increasing the context size or enable context shift',
    'The decoder prompt (length 9000) is longer than the maximum model length of 8192.',
    'the input length exceeds the context length',
    'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    'Please reduce the length of the messages or completion.',
    '`inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens and 0 `max_new_tokens`',
    'too many tokens: total number of tokens in the prompt cannot exceed 4081',
    'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens',
    'Request body too large for m model. Max size: 8000 tokens.',
    'prompt token count of 70000 exceeds the limit of 64000',
    'Invalid request: Your request exceeded model token limit: 131072',
    'Range of input length should be [1, 129024]',
    "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
    'Current length is 9000 while limit is 8192',
  ];
  test.each(wordings)('as: %s', async (said) => {
    expect(await failed(400, error(said))).toMatchObject({ kind: 'context-too-long', retryable: false });
    // As a gateway's own error.
    const gateway = error(`upstream said: ${said}`, { type: 'internal_server_error' });
    expect(await failed(500, gateway)).toMatchObject({ kind: 'context-too-long' });
  });

  test('also where a limit for a minute can never be met: only a shorter conversation helps', async () => {
    const code = { code: 'rate_limit_exceeded', type: 'tokens' };
    const said = 'Request too large for m on tokens per min (TPM): Limit 30000, Requested 41000.';
    expect(await failed(429, error(said, code))).toMatchObject({ kind: 'context-too-long' });
    const passing = 'Rate limit reached for m on tokens per min (TPM): Limit 30000, Used 25000, Requested 9000.';
    expect(await failed(429, error(passing, code))).toMatchObject({ kind: 'rate-limited' });
  });

  test.each<[number, string, string]>([
    [500, 'context deadline exceeded', 'overloaded'],
    [503, 'Limit of tokens per minute exceeded', 'overloaded'],
    [400, 'This model supports at most 16384 completion tokens, which max_tokens exceeds', 'bad-request'],
    [400, 'Invalid value for temperature', 'bad-request'],
  ])('and other errors are not taken for it: %i %s', async (status, said, kind) => {
    expect(await failed(status, error(said))).toMatchObject({ kind });
  });
});

describe('a wait that is given in words is kept', () => {
  test.each<[string, number]>([
    ['Please try again in 1.2s.', 1200],
    ['Please try again in 6m2.5s. Visit us.', 362_500],
    ['Try again in 250ms', 250],
    ['Please retry after 20 seconds.', 20_000],
    ['Please wait 2 minutes and go on', 120_000],
    ['{"retryDelay": "34s"}', 34_000],
    ['try again in 99h', 3_600_000],
  ])('%s', async (said, wait) => {
    expect(await failed(429, error(said))).toMatchObject({ kind: 'rate-limited', retryAfterMs: wait });
  });

  test.each(['try again later', 'Limit 3 per minute, please slow down'])(
    'but no wait is invented: %s',
    async (said) => {
      expect((await failed(429, error(said))).retryAfterMs).toBeUndefined();
    },
  );
});
