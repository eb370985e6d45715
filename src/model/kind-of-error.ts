/**
 * Which kind of failure a server's error is, and how long it asks to wait: by its codes, its status, then its words.
 * Rule: words count only where codes leave it open. They name billing pages in rate limits, and differ for each server.
 */
import { words } from '../core/text/words.ts';
import type { ModelFailureKind } from './model-failure.ts';

/** An error as a server describes it. `codes` are its code, type and status names, the most exact first. */
export interface DescribedError {
  /** The HTTP status; undefined for an error inside a response. */
  status: number | undefined;
  codes: readonly string[];
  message: string;
}

/** Codes by kind, in small letters with underscores, as OpenAI, Anthropic, Google, Azure and gateways use them. */
const CODES: Partial<Record<ModelFailureKind, readonly string[]>> = {
  quota: words(`
    insufficient_quota billing_hard_limit_reached billing_not_active payment_required insufficient_credits
    insufficient_balance credit_balance_too_low billing_error
  `),
  'rate-limited': words(`
    rate_limit_exceeded rate_limit_error rate_limit_reached rate_limited too_many_requests resource_exhausted
    throttling_exception slow_down
  `),
  'context-too-long': words(`
    context_length_exceeded context_window_exceeded context_window_exceeded_error exceed_context_size_error
    tokens_limit_reached model_max_prompt_tokens_exceeded request_too_large input_too_long prompt_too_long
    string_above_max_length
  `),
  'content-policy': words(`
    content_policy_violation content_policy_violation_error content_filter invalid_prompt
    responsible_ai_policy_violation
  `),
  unauthorized: words(`
    invalid_api_key authentication_error invalid_authentication unauthenticated permission_error permission_denied
    account_deactivated
  `),
  'not-found': words('model_not_found not_found_error deployment_not_found'),
  overloaded: words(`
    server_error internal_server_error internal_error internal api_error overloaded overloaded_error model_overloaded
    engine_overloaded unavailable service_unavailable service_unavailable_error
  `),
};
const KIND_OF_CODE = new Map(
  Object.entries(CODES).flatMap(([kind, codes]) => codes.map((code) => [code, kind as ModelFailureKind] as const)),
);

/** Says that the money is spent. A link to a page about billing does not. */
const QUOTA =
  /insufficient[ _](?:quota|credit|balance|funds)|current quota|(?:no|out of|not enough|run out of) (?:credit|balance|funds)|balance is too low|spending limit/i;
const POLICY = /content[ _](?:policy|filter)|_policy\b|safety|usage polic(?:y|ies)|flagged/i;

/** Wordings of a conversation that is too long: of OpenAI, Anthropic, Google, Bedrock, xAI, and of local servers. */
const CONTEXT = [
  /context[\s_-]*(?:length|window|size|limit)/i,
  /maximum (?:prompt|input|model|sequence) length/i,
  /(?:prompt|input|request|conversation|messages|body)\b[^.]{0,60}\btoo (?:long|large)/i,
  /too many (?:input |prompt )?tokens/i,
  /\btokens?\b[^.]{0,80}\b(?:exceeds?|exceeded|longer than|larger than)\b/i,
  /exceed[^.]{0,80}\btokens?\b/i,
  /reduce (?:the|your) (?:length|size|number|prompt|input)/i,
  /input length (?:should|must)|length is \d+ while limit is/i,
  /(?:inputs?|prompt|tokens)\b[^.]{0,40}\bmust (?:be|have) (?:<=?|less than|at most|fewer than)/i,
];
/** About tokens in a time, or about the room for the response: a shorter conversation is not what is asked for. */
const NOT_CONTEXT = /per[ _-](?:second|minute|min|hour|day)\b|\((?:TPM|RPM|TPD)\)|\b(?:completion|output) tokens/i;
/** A request that is larger than the limit for a minute: waiting never helps. */
const TOO_LARGE_FOR_LIMIT = /request too large/i;
const LIMIT_AND_REQUEST = /limit:?\s*(\d+)(?!.*\bused\b)[^]*?requested:?\s*(\d+)/i;

/** The kind of an error. */
export function kindOfError(error: DescribedError): ModelFailureKind {
  const { status, message } = error;
  const byCode = kindOfCodes(error.codes);
  if (byCode === 'rate-limited' || (status === 429 && byCode === undefined)) {
    if (isTooLargeForLimit(message)) return 'context-too-long';
    const isSpent = byCode === undefined && QUOTA.test(message) && readWait(message) === undefined;
    return isSpent ? 'quota' : 'rate-limited';
  }
  if (byCode !== undefined && byCode !== 'overloaded') return byCode;
  if (saysTooLong(message)) return 'context-too-long';
  return byCode ?? kindOfStatus(error);
}

function kindOfCodes(codes: readonly string[]): ModelFailureKind | undefined {
  for (const given of codes) {
    const code = given
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_');
    const kind = KIND_OF_CODE.get(code) ?? (code.endsWith('_policy') ? 'content-policy' : undefined);
    if (kind) return kind;
  }
  return undefined;
}

function kindOfStatus({ status, message }: DescribedError): ModelFailureKind {
  if (status === undefined) return POLICY.test(message) ? 'content-policy' : 'failed';
  if (status === 402) return 'quota';
  if (status === 408) return 'timeout';
  if (status === 409 || status >= 500) return 'overloaded';
  if (status === 404) return 'not-found';
  if (status === 413) return 'context-too-long';
  if (POLICY.test(message)) return 'content-policy';
  if (QUOTA.test(message)) return 'quota';
  return status === 401 || status === 403 ? 'unauthorized' : 'bad-request';
}

function saysTooLong(message: string): boolean {
  return CONTEXT.some((wording) => wording.test(message)) && !NOT_CONTEXT.test(message);
}

/** Whether a rate limit refuses a request that alone exceeds it. */
export function isTooLargeForLimit(message: string): boolean {
  const [, limit, requested] = LIMIT_AND_REQUEST.exec(message) ?? [];
  return TOO_LARGE_FOR_LIMIT.test(message) || (limit !== undefined && Number(requested) > Number(limit));
}

const AMOUNT = String.raw`[\d.]+\s*(?:milliseconds?|ms|hours?|h|minutes?|min|m|seconds?|secs?|s)(?![a-z])\s*`;
const WAIT = new RegExp(`(?:try again|retry|wait)(?: again)?(?: in| after| for)?(?: about)?\\s+((?:${AMOUNT})+)`, 'i');
const RETRY_DELAY = /retry_?delay["']?\s*[:=]\s*["']?([\d.]+s)/i;
const PART = /([\d.]+)\s*(milliseconds?|ms|h|m|s)/gi;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The wait that a message asks for in words, in milliseconds: "try again in 1m2.5s", "retryDelay": "34s". */
export function readWait(message: string): number | undefined {
  const said = (WAIT.exec(message) ?? RETRY_DELAY.exec(message))?.[1];
  if (said === undefined) return undefined;
  let sum = 0;
  for (const [, amount, unit = ''] of said.matchAll(PART))
    sum += Number(amount) * (UNIT_MS[/^m(?:s|illi)/i.test(unit) ? 'ms' : unit.toLowerCase()] ?? 0);
  return Number.isFinite(sum) && sum > 0 ? Math.ceil(sum) : undefined;
}
