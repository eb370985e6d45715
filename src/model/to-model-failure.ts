/**
 * Turns errors of the client library into our closed list of failures.
 * Rule: retryable are only failures that a retry can mend; spent quota, a bad key and a content refusal need a person.
 */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { hideSecretValues } from '../core/secrets.ts';
import type { ModelFailureKind } from './model-failure.ts';
import { ModelFailure } from './model-failure.ts';

/** Most characters of a provider's message in ours. */
const MAX_SAID_CHARACTERS = 500;
/** Longest wait that a provider's header may ask for. With a longer one, a run would seem to hang. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Codes of undici: silence before the headers, or in the body; and a connection that did not come to be. */
const SILENCE = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];
const NO_CONNECTION = ['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'];

const QUOTA = /insufficient_quota|billing|credit/i;
const CONTEXT = /context_length_exceeded|context (?:length|window)|prompt is too long|too many (?:input )?tokens/i;
const POLICY = /content_policy|content_filter|content policy|invalid_prompt|_policy|safety|usage policies/i;

/** The called model, for messages, and the key, which must not appear in them. */
export interface CalledModel {
  model: string;
  host: string;
  apiKey: string;
  /** The limit of silence, for the message about it. */
  idleTimeoutMs: number;
}

/** The failure for a thrown error. */
export function toModelFailure(error: unknown, target: CalledModel): ModelFailure {
  if (error instanceof ModelFailure) return error;
  const shared = { target: `model "${target.model}" at ${target.host}` };
  const code = codeOf(error);
  if (SILENCE.includes(code)) {
    const said = `no byte came for ${target.idleTimeoutMs / 1000} seconds`;
    return new ModelFailure({ ...shared, kind: 'silent', said });
  }
  // A server's message may repeat the key, so only network errors are passed on as `cause`.
  if (error instanceof APIConnectionTimeoutError && !NO_CONNECTION.includes(code)) {
    return new ModelFailure({ ...shared, kind: 'timeout', said: 'no response in time', cause: error });
  }
  if (error instanceof APIConnectionError) {
    return new ModelFailure({ ...shared, kind: 'unreachable', said: describeCause(error), cause: error });
  }
  if (error instanceof APIError) {
    const { status } = error;
    const kind = status === undefined ? kindOfCode(error) : kindOfStatus(status, error);
    const retryAfterMs = readRetryAfter(error.headers);
    return new ModelFailure({
      ...shared,
      kind,
      said: cleanSaid(error.message, target.apiKey),
      ...(status === undefined ? {} : { status }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  const said = cleanSaid(describeCause(error), target.apiKey);
  return new ModelFailure({ ...shared, kind: 'broken-stream', said: `the response broke off: ${said}` });
}

/** The failure for an error that the provider reports in the stream, such as `response.failed`. */
export function failedResponse(code: string, message: string, target: CalledModel): ModelFailure {
  const kind = kindOfCode({ code, type: undefined, message });
  return new ModelFailure({
    kind,
    target: `model "${target.model}" at ${target.host}`,
    said: cleanSaid(`${code}: ${message}`, target.apiKey),
  });
}

interface Described {
  code: string | null | undefined;
  type: string | undefined;
  message: string;
}

function kindOfStatus(status: number, error: Described): ModelFailureKind {
  const words = wordsOf(error);
  if (status === 429) return QUOTA.test(words) ? 'quota' : 'rate-limited';
  if (status === 402) return 'quota';
  if (status === 408) return 'timeout';
  if (status === 409 || status >= 500) return 'overloaded';
  if (status === 404) return 'not-found';
  if (status === 413 || CONTEXT.test(words)) return 'context-too-long';
  if (POLICY.test(words)) return 'content-policy';
  if (status === 401 || status === 403) return 'unauthorized';
  return 'bad-request';
}

/** The kind of an error without a status, in a stream: by its code and message. An unknown one is retryable. */
function kindOfCode(error: Described): ModelFailureKind {
  const words = wordsOf(error);
  if (/insufficient_quota/.test(words)) return 'quota';
  if (/rate_limit/.test(words)) return 'rate-limited';
  if (CONTEXT.test(words)) return 'context-too-long';
  if (POLICY.test(words)) return 'content-policy';
  if (/server_error|overloaded|unavailable/.test(words)) return 'overloaded';
  return 'broken-stream';
}

function wordsOf({ code, type, message }: Described): string {
  return `${code ?? ''} ${type ?? ''} ${message}`;
}

function innermost(error: unknown): unknown {
  let inner: unknown = error;
  for (let depth = 0; depth < 5 && inner instanceof Error && inner.cause !== undefined; depth += 1) inner = inner.cause;
  return inner;
}

/** The code of an error's innermost cause, such as `ECONNREFUSED`; empty if it has none. */
function codeOf(error: unknown): string {
  const inner = innermost(error);
  return inner instanceof Error && 'code' in inner && typeof inner.code === 'string' ? inner.code : '';
}

/** The message of an error's innermost cause, such as `connect ECONNREFUSED 127.0.0.1:1`. */
function describeCause(error: unknown): string {
  const inner = innermost(error);
  if (!(inner instanceof Error)) return String(inner);
  const code = codeOf(inner);
  return inner.message.includes(code) ? inner.message : `${inner.message} (${code})`;
}

/** A provider's message on one line, shortened, and without the key. */
function cleanSaid(text: string, apiKey: string): string {
  const oneLine = hideSecretValues(text, [apiKey]).replace(/\s+/g, ' ').trim();
  return oneLine.slice(0, MAX_SAID_CHARACTERS).replace(/\.$/, '');
}

function readRetryAfter(headers: Headers | undefined): number | undefined {
  const inMs = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  const after = headers?.get('retry-after') ?? '';
  const asked = Number.isFinite(inMs)
    ? inMs
    : /^\d+(?:\.\d+)?$/.test(after)
      ? Number(after) * 1000
      : Date.parse(after) - Date.now();
  if (!Number.isFinite(asked) || asked <= 0) return undefined;
  return Math.min(Math.ceil(asked), MAX_RETRY_AFTER_MS);
}
