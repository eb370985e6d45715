/**
 * The model: one streamed call of the Responses API through the `openai` package. The provider stores a response only
 * for calls in the background.
 * Rule: a response is returned whole or not at all, and only the caller retries failures.
 */
import { createHash } from 'node:crypto';
import OpenAI, { APIError } from 'openai';
import type { ResponseCreateParamsStreaming } from 'openai/resources/responses/responses';
import type { ToolSet } from '../core/agent/tools.ts';
import type { Price } from '../core/price.ts';
import type { Item, Usage } from '../core/transcript.ts';
import type { Background } from './background.ts';
import { respondInBackground } from './background.ts';
import { toInputItems } from './input-items.ts';
import { ModelFailure } from './model-failure.ts';
import { openFetch } from './open-fetch.ts';
import type { PriceTable } from './prices.ts';
import { costOf, priceOf } from './prices.ts';
import type { Stop } from './read-response.ts';
import { readResponse, readTokenUsage } from './read-response.ts';
import type { Progress, StreamedResponse } from './read-stream.ts';
import { readStream } from './read-stream.ts';
import type { CalledModel } from './to-model-failure.ts';
import { toModelFailure } from './to-model-failure.ts';
import { defineTools } from './tool-definitions.ts';

const OPENAI_BASE_URL = 'https://api.openai.com/v1';
/** Most digests of refused reasoning that are remembered. Forgetting them costs one more refused call. */
const MAX_REMEMBERED = 10_000;
/** Timeout of a cancellation: an agent that was stopped does not wait for the provider. */
const CANCEL_MS = 5000;
/** By how much the library's own timeout is longer than ours. */
const LATER_MS = 60_000;
/** A rough estimate where a server counts no tokens; a note says so. */
const BYTES_PER_TOKEN = 4;

export interface ModelRequest {
  /** Another model of the same provider; the default is the configured one. */
  model?: string;
  instructions: string;
  /** The whole conversation so far. */
  items: readonly Item[];
  /** Which tools the model gets; null for none. */
  profile: ToolSet | null;
  /** Groups calls that share a prefix in the provider's cache. */
  cacheKey: string;
  maxOutputTokens: number;
  /** When it aborts, the call rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** Gets each part of the response as it streams in. It must be quick and must not throw. */
  onProgress?: ((event: Progress) => void) | undefined;
  /** Set for a call in the background: the provider makes and stores the response even if this call ends. */
  background?: Background | undefined;
}

export interface ModelResponse {
  /** Texts, calls and opaque reasoning, in the provider's order. */
  items: Item[];
  usage: Usage;
  /** The model as the provider names it. */
  model: string;
  /** Notes for people about what was dropped or repaired. */
  notes: string[];
  stop: Stop;
  refusal?: string;
}

export interface ModelSettings {
  name: string;
  /** The Responses API's URL, usually ending in `/v1`; the default is OpenAI's. */
  baseUrl?: string;
  apiKey: string;
  reasoningEffort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh';
  prices: PriceTable;
  /** Longest time of one call, from its start to the last event. */
  timeoutMs: number;
  /** Longest silence of a server in a call; any byte ends it. */
  idleTimeoutMs: number;
  /** Variables that name proxies, such as `HTTPS_PROXY`. */
  proxies?: Readonly<Record<string, string>>;
  /** The model's context: most tokens of input and output together; undefined if not configured. */
  contextTokens?: number;
}

export interface Model {
  readonly name: string;
  readonly contextTokens: number | undefined;
  /** The price of a model's tokens, by default this one's; null if it is not known. */
  priceOf(name?: string): Price | null;
  /** Makes one call. Throws a ModelFailure. */
  call(request: ModelRequest): Promise<ModelResponse>;
  /** Cancels a response in the background. Never throws. */
  cancel(id: string): Promise<void>;
}

/** What earlier calls showed about this provider; remembered until the worker ends. */
interface Learned {
  /** SHA-256 of opaque items that were refused. */
  refused: Set<string>;
  /** The model has no encrypted reasoning. */
  noEncrypted: boolean;
}

interface Opened {
  client: OpenAI;
  settings: ModelSettings;
  host: string;
  learned: Learned;
}

/** Opens a model; nothing is sent before the first call. */
export function openModel(settings: ModelSettings): Model {
  const baseURL = settings.baseUrl ?? OPENAI_BASE_URL;
  const { apiKey, timeoutMs, idleTimeoutMs, proxies = {} } = settings;
  const client = new OpenAI({
    // Passed, so that the library reads none from the environment.
    apiKey,
    baseURL,
    maxRetries: 0,
    // Our own limit comes first, since it also covers the stream and says what to set.
    timeout: timeoutMs + LATER_MS,
    fetch: openFetch(idleTimeoutMs, proxies),
    // The library's log could show prompts.
    logLevel: 'off',
  });
  const opened = {
    client,
    settings,
    host: new URL(baseURL).host,
    learned: { refused: new Set<string>(), noEncrypted: false },
  };
  const { name, contextTokens } = settings;
  return {
    name,
    contextTokens,
    priceOf: (other = name) => priceOf(settings.prices, other),
    call: (request) => callModel(opened, request),
    cancel: async (id) => {
      // Failures don't matter: no run waits for the response, and it ends by itself.
      await client.responses.cancel(id, { timeout: CANCEL_MS }).catch(() => undefined);
    },
  };
}

async function callModel(opened: Opened, request: ModelRequest): Promise<ModelResponse> {
  const notes: string[] = [];
  // At most two repairs: without the refused reasoning, then without requesting any.
  for (let repairs = 0; ; repairs += 1) {
    try {
      return finishResponse(opened, request, await stream(opened, request, notes), notes);
    } catch (error) {
      request.signal?.throwIfAborted();
      const note = repairs < 2 ? learn(opened, request, error) : undefined;
      if (note === undefined) throw toModelFailure(error, targetOf(opened));
      notes.push(note);
    }
  }
}

async function stream(opened: Opened, request: ModelRequest, notes: string[]): Promise<StreamedResponse> {
  const { client, settings } = opened;
  const { background, onProgress } = request;
  // The library's timeout covers only the time until the headers. This one covers the whole stream.
  const deadline = AbortSignal.timeout(settings.timeoutMs);
  const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline;
  try {
    const [body, target] = [createBody(opened, request), targetOf(opened)];
    if (background) return await respondInBackground({ client, body, background, target, signal, notes, onProgress });
    const events = await client.responses.create(body, { signal });
    return await readStream(events, target, onProgress);
  } catch (error) {
    // After the deadline, whatever was thrown is a consequence of the abort.
    if (!deadline.aborted || request.signal?.aborted) throw error;
    const said = `no complete response within ${settings.timeoutMs / 1000} seconds`;
    throw new ModelFailure({ kind: 'timeout', target: `model "${settings.name}" at ${opened.host}`, said });
  }
}

/** The request's body: constant parts first, the conversation last, so that calls share the longest prefix. */
function createBody(opened: Opened, request: ModelRequest): ResponseCreateParamsStreaming {
  const { settings, learned } = opened;
  const { reasoningEffort } = settings;
  return {
    model: request.model ?? settings.name,
    stream: true,
    store: false,
    instructions: request.instructions,
    ...(request.profile ? { tools: defineTools(request.profile), parallel_tool_calls: false } : {}),
    max_output_tokens: request.maxOutputTokens,
    prompt_cache_key: request.cacheKey,
    ...(learned.noEncrypted ? {} : { include: ['reasoning.encrypted_content' as const] }),
    ...(reasoningEffort ? { reasoning: { effort: reasoningEffort } } : {}),
    input: toInputItems(request.items, (item) => isOurs(opened, item) && !learned.refused.has(digestOf(item))),
  };
}

function finishResponse(
  opened: Opened,
  request: ModelRequest,
  streamed: StreamedResponse,
  notes: string[],
): ModelResponse {
  const { settings, host } = opened;
  const callIds = new Set(request.items.flatMap((item) => (item.kind === 'call' ? [item.callId] : [])));
  const read = readResponse(streamed, { provider: host, model: settings.name }, callIds);
  const counted = readTokenUsage(streamed);
  if (!counted) notes.push('the server counted no tokens: estimated at a token for every 4 bytes');
  const usage = counted ?? estimateUsage(request, read.items);
  const asked = request.model ?? settings.name;
  const model = streamed.response.model || asked;
  const costUsd = costOf(usage, settings.prices, model) ?? costOf(usage, settings.prices, asked);
  return { ...read, usage: { ...usage, costUsd }, model, notes: [...notes, ...read.notes] };
}

/** Remembers to leave out encrypted reasoning that was refused, and returns a note; undefined for other errors. */
function learn(opened: Opened, request: ModelRequest, error: unknown): string | undefined {
  if (!(error instanceof APIError) || error.status !== 400) return undefined;
  if (
    !/encrypted[\s_]content|encrypted[\s_]reasoning/i.test(`${error.code ?? ''} ${error.param ?? ''} ${error.message}`)
  )
    return undefined;
  const { learned, host } = opened;
  const given = request.items.filter((item) => item.kind === 'opaque').filter((item) => isOurs(opened, item));
  const fresh = given.map(digestOf).filter((digest) => !learned.refused.has(digest));
  if (fresh.length > 0) {
    if (learned.refused.size > MAX_REMEMBERED) learned.refused.clear();
    for (const digest of fresh) learned.refused.add(digest);
    return `${host} refused ${fresh.length} items of encrypted reasoning (made with another key or model?): left out`;
  }
  if (learned.noEncrypted) return undefined;
  learned.noEncrypted = true;
  return `${host} has no encrypted reasoning for this model: not requested any more`;
}

function isOurs({ host, settings }: Opened, item: Extract<Item, { kind: 'opaque' }>): boolean {
  return item.provider === host && item.model === settings.name;
}

function digestOf(item: Extract<Item, { kind: 'opaque' }>): string {
  return createHash('sha256')
    .update(JSON.stringify(item.data) ?? '')
    .digest('hex');
}

function targetOf({ settings, host }: Opened): CalledModel {
  const { name: model, apiKey, idleTimeoutMs } = settings;
  return { model, host, apiKey, idleTimeoutMs };
}

function estimateUsage(request: ModelRequest, items: readonly Item[]): Omit<Usage, 'costUsd'> {
  const count = (value: unknown): number => Math.ceil(Buffer.byteLength(JSON.stringify(value)) / BYTES_PER_TOKEN);
  return { inputTokens: count([request.instructions, request.items]), cachedTokens: 0, outputTokens: count(items) };
}
