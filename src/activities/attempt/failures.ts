/**
 * Turns adapters' errors into Temporal's: one closed list of types, retryable or not, delays as the other side asked.
 * Rule: messages say what was tried, on what, and what a person can do; secrets never.
 */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { FailureType } from '../../core/failures.ts';
import { FAILURES, GIT_FAILURES } from '../../core/failures.ts';
import { hideSecretValues } from '../../core/secrets.ts';
import { GitFailure } from '../../git/git-failure.ts';
import { ModelFailure } from '../../model/model-failure.ts';
import { SandboxError } from '../../sandbox/sandbox-error.ts';

/** As deep as anybody chains them. */
const MAX_CAUSES = 10;
/** What this process may never say, whoever's words it repeats: a worker adds its own when it starts. */
const secrets = new Set<string>();

/** Keeps these values out of every failure from now on. */
export function hideSecrets(values: Iterable<string | undefined>): void {
  for (const value of values) if (value !== undefined) secrets.add(value);
}

/** A failure of a listed type; `final` says that this one is not to be tried again all the same. */
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

/** Attempts of what fails for a reason that nobody knows: two minutes. */
const MAX_UNKNOWN = 8;

/** The failure that an activity throws for an adapter's error; what is known already is passed through. */
export function toFailure(error: unknown, attempt = 1): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof GitFailure) {
    const { type, mends } = GIT_FAILURES[error.kind];
    const final = mends === 'unknown' ? attempt >= MAX_UNKNOWN : mends !== 'waiting';
    return fail(type, error.message, { final });
  }
  if (error instanceof ModelFailure) {
    if (error.kind === 'context-too-long') return fail('ContextTooLong', error.message);
    const { retryAfterMs } = error;
    return fail(
      error.retryable ? 'ModelUnavailable' : 'ModelRefused',
      error.message,
      retryAfterMs ? { retryAfterMs } : {},
    );
  }
  // The other kinds pass by themselves, or with another attempt.
  if (error instanceof SandboxError && error.kind === 'isolation') return fail('NoIsolation', error.message);
  if (!(error instanceof Error)) return error;
  // Of our own files, as a folder of the state or the hub that became read-only.
  if ('code' in error && error.code === 'EROFS') return fail('HubReadOnly', error.message, { cause: error });
  return clean(error);
}

/** An error of any kind with its own words cleaned, and those of its causes: Temporal takes all of them along. */
function clean(error: Error): Error {
  let inner: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && inner instanceof Error; depth += 1) {
    inner.message = hideSecretValues(inner.message, secrets);
    if (inner.stack !== undefined) inner.stack = hideSecretValues(inner.stack, secrets);
    inner = inner.cause;
  }
  return error;
}
