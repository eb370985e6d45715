/**
 * The failures of the sandbox: a broken host, never a command's own red exit.
 * Rule: the message says what was tried, on what, and what a person can do; facts are fields.
 */

/** What kind of failure it is; only `busy` passes by itself. */
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
