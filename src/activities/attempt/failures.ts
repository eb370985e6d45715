/**
 * Turns errors of the adapters into Temporal's application failures: one closed list of types, retryable or not, with
 * the delay that the server asked for.
 * Rule: a message says what was tried, on what, and what a person can do, and never contains a secret.
 */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { FailureType } from '../../core/failures.ts';
import { FAILURES, GIT_FAILURES } from '../../core/failures.ts';
import { hideSecretValues } from '../../core/secrets.ts';
import { GitFailure } from '../../git/git-failure.ts';
import { ModelFailure } from '../../model/model-failure.ts';
import { SandboxError } from '../../sandbox/sandbox-error.ts';

/** Most causes below an error that are cleaned of secrets. */
const MAX_CAUSES = 10;
/** Values that no failure may contain, even where it quotes another program. A worker adds its own when it starts. */
const secrets = new Set<string>();

/** From now on, removes these values from the text of every failure. */
export function hideSecrets(values: Iterable<string | undefined>): void {
  for (const value of values) if (value !== undefined) secrets.add(value);
}

/**
 * A failure of a listed type. `final` overrides whether the type is retryable; `retryAfterMs` delays the next attempt.
 */
export function fail(
  type: FailureType,
  message: string,
  options: { cause?: Error; retryAfterMs?: number; final?: boolean } = {},
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message: hideSecretValues(message, secrets),
    nonRetryable: options.final ?? !FAILURES[type].retryable,
    ...(options.cause ? { cause: clean(options.cause) } : {}),
    ...(options.retryAfterMs ? { nextRetryDelay: options.retryAfterMs } : {}),
  });
}

/** Most attempts of a git failure without a known reason: about two minutes. */
const MAX_UNKNOWN = 8;

/** The failure that an activity throws for an adapter's error. Failures of Temporal are passed through. */
export function toFailure(error: unknown, attempt = 1): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof GitFailure) {
    const { type, mends } = GIT_FAILURES[error.kind];
    const final = mends === 'unknown' ? attempt >= MAX_UNKNOWN : mends !== 'waiting';
    return fail(type, error.message, { final });
  }
  if (error instanceof ModelFailure) return failModel(error, attempt);
  // The other kinds of sandbox errors end by themselves, or with another attempt.
  if (error instanceof SandboxError && error.kind === 'isolation') return fail('NoIsolation', error.message);
  if (!(error instanceof Error)) return error;
  // A folder of ours became read-only: the hub or the state folder.
  if ('code' in error && error.code === 'EROFS') return fail('HubReadOnly', error.message, { cause: error });
  return clean(error);
}

/** A model's failure after so many tries, of which free ones may be left out. The last one its kind allows is final. */
export function failModel(error: ModelFailure, tries: number): ApplicationFailure {
  if (error.kind === 'context-too-long') return fail('ContextTooLong', error.message);
  const { retryAfterMs, message } = error;
  if (!error.retryable) return fail('ModelRefused', message);
  if (tries >= error.tries) return fail('ModelUnavailable', `${message} It failed ${tries} times.`, { final: true });
  return fail('ModelUnavailable', message, retryAfterMs ? { retryAfterMs } : {});
}

/** Removes secrets from an error and from its causes, because Temporal stores all of them in the history. */
function clean(error: Error): Error {
  let inner: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && inner instanceof Error; depth += 1) {
    inner.message = hideSecretValues(inner.message, secrets);
    if (inner.stack !== undefined) inner.stack = hideSecretValues(inner.stack, secrets);
    inner = inner.cause;
  }
  return error;
}
