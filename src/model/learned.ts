/**
 * What the refusals of a server taught about one of its models: reasoning that it does not take back, options that it
 * does not know.
 * Rule: kept by model, since models of one server differ. A call goes on without what was refused, and says so once.
 */
import { createHash } from 'node:crypto';
import { APIError } from 'openai';
import type { ResponseCreateParamsStreaming } from 'openai/resources/responses/responses';
import type { Item } from '../core/transcript.ts';
import { isTooLargeForLimit } from './kind-of-error.ts';

/** Most digests of refused reasoning that are remembered. Forgetting them costs one more refused call. */
const MAX_REMEMBERED = 10_000;

/** Options that a call can do without, with the words by which a refusal names them, other than their own name. */
const OPTIONS = {
  include: /encrypted[\s_](?:content|reasoning)/i,
  reasoning: /reasoning[ ._]effort/i,
  max_output_tokens: /max_(?:completion_|new_)?tokens|in the completion|(?:completion|output) tokens/i,
  parallel_tool_calls: /parallel[ _](?:tool|function)[ _]calls?/i,
  prompt_cache_key: /prompt_cache_key/i,
  store: /\bstore\b.{0,20}\b(?:parameter|field|option|argument)/i,
} satisfies Partial<Record<keyof ResponseCreateParamsStreaming, RegExp>>;
type Option = keyof typeof OPTIONS;

/** What it means for the work that an option is left out. */
const MEANING: Record<Option, string> = {
  include: 'it has no encrypted reasoning for this model, so reasoning is not sent back',
  reasoning: 'it does not take this reasoning effort for this model, which now thinks as much as it does by itself',
  max_output_tokens: 'it does not take this limit of output tokens for this model, so the server limits a response',
  parallel_tool_calls: 'it may answer with several calls, of which the first counts',
  prompt_cache_key: 'its cache finds prompts without our help',
  store: 'it can’t be told not to store responses: ask its operator whether it does',
};

/** An item of the conversation that only its server understands: reasoning. */
export type Opaque = Extract<Item, { kind: 'opaque' }>;

export interface Learned {
  /** SHA-256 of opaque items that were refused. */
  refused: Set<string>;
  without: Set<Option>;
}

export function nothingLearned(): Learned {
  return { refused: new Set(), without: new Set() };
}

/** The body without the options that were refused. */
export function leaveOutRefused(body: ResponseCreateParamsStreaming, { without }: Learned): typeof body {
  const kept = Object.entries(body).filter(([name]) => !without.has(name as Option));
  return Object.fromEntries(kept) as unknown as typeof body;
}

/** Whether the server may take this reasoning back. */
export function isAccepted({ refused }: Learned, item: Opaque): boolean {
  return !refused.has(digestOf(item));
}

/** A refused call: its body, the reasoning in it, and the server's host. */
export interface RefusedCall {
  body: ResponseCreateParamsStreaming;
  reasoning: readonly Opaque[];
  host: string;
}

/** Remembers what a refusal teaches, and returns a note about it. Undefined if the same call would be refused again. */
export function learnFrom(
  learned: Learned,
  error: unknown,
  { body, reasoning, host }: RefusedCall,
): string | undefined {
  if (!(error instanceof APIError) || error.status === undefined) return undefined;
  const words = `${error.code ?? ''} ${error.param ?? ''} ${error.message}`;
  if (error.status === 429) return isTooLargeForLimit(error.message) ? leaveOut('max_output_tokens') : undefined;
  if (![400, 404, 422].includes(error.status)) return undefined;
  if (REASONING.test(words)) {
    const fresh = reasoning.map(digestOf).filter((digest) => !learned.refused.has(digest));
    if (fresh.length > 0) {
      if (learned.refused.size > MAX_REMEMBERED) learned.refused.clear();
      for (const digest of fresh) learned.refused.add(digest);
      return `${host} refused ${fresh.length} items of encrypted reasoning (made with another key or model?): left out`;
    }
  }
  const named = (Object.keys(OPTIONS) as Option[]).find((option) => isNamed(option, words, error.param));
  return named && error.status !== 404 ? leaveOut(named) : undefined;

  function leaveOut(option: Option): string | undefined {
    if (!(option in body) || learned.without.has(option)) return undefined;
    learned.without.add(option);
    return `${host} refused ${option} for ${String(body.model)}: left out from now on; ${MEANING[option]}`;
  }
}

/** A refusal of reasoning: it can't be read, was not stored, or stands alone. */
const REASONING =
  /encrypted[\s_](?:content|reasoning)|\brs_\w+|items? .{0,80}not found|not persisted|store is (?:set to )?false|required following item/i;

function isNamed(option: Option, words: string, param: string | null | undefined): boolean {
  const own = new RegExp(
    `["'\`\\]]${option}\\b|\\b(?:parameter|field|argument|option|key)s?:? ["'\`]?${option}\\b`,
    'i',
  );
  return param?.split(/[.[]/)[0] === option || OPTIONS[option].test(words) || own.test(words);
}

function digestOf(item: Opaque): string {
  return createHash('sha256')
    .update(JSON.stringify(item.data) ?? '')
    .digest('hex');
}
