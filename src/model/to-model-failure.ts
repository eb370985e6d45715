/**
 * Turns errors of the client library into our closed list of failures.
 * Rule: retryable are only failures that a retry can mend; spent quota, a bad key and a content refusal need a person.
 */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { hideSecretValues } from '../core/secrets.ts';
import { clip } from '../core/text/lines.ts';
import { isObject } from '../core/text/json.ts';
import type { DescribedError } from './kind-of-error.ts';
import { kindOfError, readWait } from './kind-of-error.ts';
import type { ModelFailureFacts } from './model-failure.ts';
import { ModelFailure } from './model-failure.ts';

/** Most characters of a provider's message in ours. */
const MAX_SAID_CHARACTERS = 500;
/** Longest wait that a provider's header may ask for. With a longer one, a run would seem to hang. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Codes of undici: silence before the headers, or in the body; and a connection that did not come to be. */
const SILENCE = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];
const NO_CONNECTION = ['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'];

/** The called model, for messages, and the key, which must not appear in them. */
export interface CalledModel {
  model: string;
  host: string;
  apiKey: string;
  /** The limit of silence, for the message about it. */
  idleTimeoutMs: number;
}

/** A failure of a call of this model. */
export function failCall({ model, host }: CalledModel, facts: Omit<ModelFailureFacts, 'target'>): ModelFailure {
  return new ModelFailure({ ...facts, target: `model "${model}" at ${host}` });
}

/** The failure for a thrown error. */
export function toModelFailure(error: unknown, target: CalledModel): ModelFailure {
  if (error instanceof ModelFailure) return error;
  const code = codeOf(error);
  if (SILENCE.includes(code)) {
    const said = `no byte came for ${target.idleTimeoutMs / 1000} seconds`;
    return failCall(target, { kind: 'silent', said });
  }
  // A server's message may repeat the key, so only network errors are passed on as `cause`.
  if (error instanceof APIConnectionTimeoutError && !NO_CONNECTION.includes(code)) {
    return failCall(target, { kind: 'timeout', said: 'no response in time', cause: error });
  }
  if (error instanceof APIConnectionError) {
    return failCall(target, { kind: 'unreachable', said: describeCause(error), cause: error });
  }
  if (error instanceof APIError) {
    const { status } = error;
    const described = describeError(error.error ?? { message: error.message }, error);
    const kind = kindOfError(described);
    const asked = readRetryAfter(error.headers) ?? readWait(described.message);
    const retryAfterMs = asked === undefined ? undefined : Math.min(asked, MAX_RETRY_AFTER_MS);
    return failCall(target, {
      kind,
      said: cleanSaid(error.message, target),
      ...(status === undefined ? {} : { status }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  const said = cleanSaid(describeCause(error), target);
  // Network errors have a code. Anything else was thrown over what the server sent.
  if (code !== '') return failCall(target, { kind: 'broken-stream', said: `the response broke off: ${said}` });
  return failCall(target, { kind: 'unreadable', said: `the response can't be read: ${said}` });
}

/** The failure for an error that the provider reports in a response, such as `response.failed`. */
export function failedResponse(error: Record<string, unknown>, target: CalledModel): ModelFailure {
  const [code, type, message] = [error['code'], error['type'], error['message']].map((value) =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : undefined,
  );
  const kind = kindOfError(describeError(error, { status: undefined, message: message ?? '' }));
  const said = `${code ?? type ?? 'failed'}: ${message ?? 'the server gave no reason'}`;
  return failCall(target, { kind, said: cleanSaid(said, target) });
}

/** An error's codes and words, wherever the server put them. */
function describeError(
  error: unknown,
  { status, message }: { status: number | undefined; message: string },
): DescribedError {
  // A gateway passes the error on in a list, or inside its own.
  const all = [error, isObject(error) ? error['error'] : undefined].flat().filter(isObject);
  const named = all.flatMap((one) => [one['code'], one['type'], one['status']]);
  const codes = named.filter((code): code is string => typeof code === 'string');
  return { status, codes, message };
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
export function cleanSaid(text: string, { apiKey }: CalledModel): string {
  const oneLine = hideSecretValues(text, [apiKey]).replace(/\s+/g, ' ').trim();
  return clip(oneLine, MAX_SAID_CHARACTERS).kept.replace(/\.$/, '');
}

function readRetryAfter(headers: Headers | undefined): number | undefined {
  const inMs = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  const after = headers?.get('retry-after') ?? '';
  const asked = Number.isFinite(inMs)
    ? inMs
    : /^\d+(?:\.\d+)?$/.test(after)
      ? Number(after) * 1000
      : Date.parse(after) - Date.now();
  return Number.isFinite(asked) && asked > 0 ? Math.ceil(asked) : undefined;
}
