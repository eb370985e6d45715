/**
 * The one error of the git layer: what was tried, on what, and what a person can do.
 * Rule: it survives JSON, and passwords in URLs never get into it.
 */
export type GitFailureKind =
  | 'not-a-repository'
  | 'missing-base'
  | 'empty-repository'
  | 'unreachable'
  | 'ownership'
  | 'read-only'
  | 'disk-full'
  | 'corrupt'
  | 'failed';

export class GitFailure extends Error {
  override name = 'GitFailure';
  readonly kind: GitFailureKind;
  readonly facts: Record<string, string>;

  constructor(kind: GitFailureKind, message: string, facts: Record<string, string> = {}) {
    super(hideSecrets(message));
    this.kind = kind;
    this.facts = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, hideSecrets(value)]));
  }

  toJSON(): object {
    return { name: this.name, kind: this.kind, message: this.message, facts: this.facts };
  }
}

/** The text with passwords of URLs replaced. */
export function hideSecrets(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/gi, '$1***@');
}

/** Kinds that git's own words tell, first match wins. */
const WORDS: readonly [RegExp, GitFailureKind][] = [
  [/dubious ownership/i, 'ownership'],
  [/no space left|disk quota/i, 'disk-full'],
  [/read-only file system|permission denied|insufficient permission|unable to create temporary object/i, 'read-only'],
  [
    /does not appear to be a git repository|not a git repository|repository .* not found|does not exist/i,
    'not-a-repository',
  ],
  [/couldn't find remote ref|unknown revision|not our ref|bad revision|no such ref/i, 'missing-base'],
  [
    /could not resolve host|connection (refused|timed out)|unable to access|early eof|hung up|could not read from remote/i,
    'unreachable',
  ],
  [/corrupt|bad object|missing (blob|tree|commit)/i, 'corrupt'],
];

/** The kind of failure that git's error output means. */
export function kindOf(stderr: string): GitFailureKind {
  return WORDS.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'failed';
}
