/**
 * The failures of the sandbox: a fault of the host or its setup, never a command's own exit status.
 * Rule: the message says what was tried, on what, and what a person can do; facts are fields.
 */

/** The kind of failure. Only `busy` goes away by itself. */
export type SandboxFailure = 'isolation' | 'busy' | 'superseded' | 'setup' | 'walk';

/** A failure of the sandbox, with its kind and facts as fields. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly kind: SandboxFailure;
  readonly facts: Record<string, string | number | null>;

  constructor(
    kind: SandboxFailure,
    message: string,
    facts: Record<string, string | number | null> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.facts = facts;
  }
}
