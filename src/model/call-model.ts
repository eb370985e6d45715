/**
 * The model: one streamed call of the Responses API through the `openai` package. The provider stores a response only
 * for calls in the background.
 * Rule: a response is returned whole or not at all, and only the caller retries failures.
 */
import OpenAI from 'openai';
import type { ResponseCreateParamsStreaming } from 'openai/resources/responses/responses';
import type { ToolSet } from '../core/agent/tools.ts';
import type { Price } from '../core/price.ts';
import type { Item, Usage } from '../core/transcript.ts';
import type { Background } from './background.ts';
import { respondInBackground } from './background.ts';
import { toInputItems } from './input-items.ts';
import type { Learned, Opaque } from './learned.ts';
import { isAccepted, leaveOutRefused, learnFrom, nothingLearned } from './learned.ts';
import { requestEvents } from './open-events.ts';
import { openFetch } from './open-fetch.ts';
import type { Efforts } from './efforts.ts';
import { roleOf } from './efforts.ts';
import type { PriceTable } from './prices.ts';
import { costOf, priceOf } from './prices.ts';
import type { Stop } from './read-response.ts';
import { readResponse, readTokenUsage } from './read-response.ts';
import type { Progress, StreamedResponse } from './read-stream.ts';
import { readStream } from './read-stream.ts';
import type { CalledModel } from './to-model-failure.ts';
import { failCall, toModelFailure } from './to-model-failure.ts';
import { defineTools } from './tool-definitions.ts';

const OPENAI_BASE_URL = 'https://api.openai.com/v1';
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
  /** How much the model reasons, by what it is asked for; where left out, as much as the server's default. */
  efforts?: Efforts;
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

interface Opened {
  client: OpenAI;
  settings: ModelSettings;
  host: string;
  /** What earlier calls showed, by model; remembered until the worker ends. */
  learned: Map<string, Learned>;
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
  const opened: Opened = { client, settings, host: new URL(baseURL).host, learned: new Map() };
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
  const { settings, host } = opened;
  const notes: string[] = [];
  const model = request.model ?? settings.name;
  const learned = opened.learned.get(model) ?? nothingLearned();
  opened.learned.set(model, learned);
  const reasoning = request.items.filter((item) => item.kind === 'opaque' && isFrom(item, host, model)) as Opaque[];
  const target = { model, host, apiKey: settings.apiKey, idleTimeoutMs: settings.idleTimeoutMs };
  // Ends: each repair leaves out something more.
  for (;;) {
    const body = createBody(opened, request, model, learned);
    try {
      return finishResponse(opened, request, await stream(opened, request, body, target, notes), notes);
    } catch (error) {
      request.signal?.throwIfAborted();
      const note = learnFrom(learned, error, { body, reasoning, host });
      if (note === undefined) throw toModelFailure(error, target);
      notes.push(note);
    }
  }
}

async function stream(
  { client, settings }: Opened,
  { background, onProgress, signal: wanted }: ModelRequest,
  body: ResponseCreateParamsStreaming,
  target: CalledModel,
  notes: string[],
): Promise<StreamedResponse> {
  // The library's timeout covers only the time until the headers. This one covers the whole stream.
  const deadline = AbortSignal.timeout(settings.timeoutMs);
  const signal = wanted ? AbortSignal.any([wanted, deadline]) : deadline;
  try {
    if (background) return await respondInBackground({ client, body, background, target, signal, notes, onProgress });
    return await readStream(await requestEvents(client, body, target, signal), target, onProgress);
  } catch (error) {
    // After the deadline, whatever was thrown is a consequence of the abort.
    if (!deadline.aborted || wanted?.aborted) throw error;
    const said = `no complete response within ${settings.timeoutMs / 1000} seconds`;
    throw failCall(target, { kind: 'timeout', said });
  }
}

/** The request's body: constant parts first, the conversation last, so that calls share the longest prefix. */
function createBody(
  { settings, host }: Opened,
  request: ModelRequest,
  model: string,
  learned: Learned,
): ResponseCreateParamsStreaming {
  const effort = settings.efforts?.[roleOf(request.profile)];
  const whole: ResponseCreateParamsStreaming = {
    model,
    stream: true,
    store: false,
    instructions: request.instructions.toWellFormed(),
    ...(request.profile ? { tools: defineTools(request.profile), parallel_tool_calls: false } : {}),
    max_output_tokens: request.maxOutputTokens,
    prompt_cache_key: request.cacheKey,
    include: ['reasoning.encrypted_content'],
    ...(effort ? { reasoning: { effort } } : {}),
    input: toInputItems(request.items, (item) => isFrom(item, host, model) && isAccepted(learned, item)),
  };
  return leaveOutRefused(whole, learned);
}

function finishResponse(
  opened: Opened,
  request: ModelRequest,
  streamed: StreamedResponse,
  notes: string[],
): ModelResponse {
  const { settings, host } = opened;
  const asked = request.model ?? settings.name;
  const callIds = new Set(request.items.flatMap((item) => (item.kind === 'call' ? [item.callId] : [])));
  const read = readResponse(streamed, { provider: host, model: asked }, callIds);
  const usage = countUsage(request, streamed, read.items, notes);
  const named = streamed.response['model'];
  const model = typeof named === 'string' && named !== '' ? named : asked;
  const costUsd = costOf(usage, settings.prices, model) ?? costOf(usage, settings.prices, asked);
  return { ...read, usage: { ...usage, costUsd }, model, notes: [...notes, ...read.notes] };
}

function isFrom({ provider, model }: Opaque, host: string, asked: string): boolean {
  return provider === host && model === asked;
}

/** The tokens of a call. What the server did not count is estimated, and a note says so. */
function countUsage(
  { instructions, items, profile }: ModelRequest,
  streamed: StreamedResponse,
  answered: readonly Item[],
  notes: string[],
): Omit<Usage, 'costUsd'> {
  const estimate = (value: unknown): number => Math.ceil(Buffer.byteLength(JSON.stringify(value)) / BYTES_PER_TOKEN);
  const { inputTokens, cachedTokens, outputTokens } = readTokenUsage(streamed);
  const missing = [
    ...(inputTokens === undefined ? ['input'] : []),
    ...(outputTokens === undefined && answered.length > 0 ? ['output'] : []),
  ];
  if (missing.length > 0)
    notes.push(`the server counted no ${missing.join(' and no ')} tokens: estimated at a token for every 4 bytes`);
  return {
    inputTokens: inputTokens ?? estimate([instructions, profile && defineTools(profile), items]),
    cachedTokens,
    outputTokens: outputTokens ?? (answered.length > 0 ? estimate(answered) : 0),
  };
}
