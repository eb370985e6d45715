/**
 * The one error of the git layer: what was tried, on what, and what a person can do.
 * Rule: it survives JSON, and passwords in URLs never get into it.
 */
import { escapeForPeople } from '../core/text/escape.ts';
import type { GitFailureKind } from '../core/failures.ts';
import { GIT_FAILURES } from '../core/failures.ts';

/** A failure of git. `facts.words` is what git itself said, made safe to show. */
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

/** The text with user names and passwords of URLs replaced. */
export function hideSecrets(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/gi, '$1***@');
}

/** Kinds that git's own words tell, first match wins. */
const WORDS: readonly [RegExp, GitFailureKind][] = [
  [/dubious ownership/i, 'ownership'],
  [/no space left|disk quota/i, 'disk-full'],
  // The other side says these before the line breaks, which by itself would be one that comes back.
  [/from promisor remote|lazy fetching disabled/i, 'partial'],
  [/repository corruption|failed to traverse parents|could not read [0-9a-f]{40}/i, 'corrupt'],
  // A host that refuses us does not say whether there is a repository, and asking again does not help.
  [
    /permission denied \(|authentication failed|could not read (username|password)|host key verification failed|access denied|returned error: 40[13]|certificate (problem|verif)|verification failed/i,
    'no-access',
  ],
  [/read-only file system|permission denied|insufficient permission|unable to create temporary object/i, 'read-only'],
  [
    /does not appear to be a git repository|not a git repository|repository .* not found|does not exist|transport .* not allowed|remote helper|returned error: (30\d|404)/i,
    'not-a-repository',
  ],
  [
    /couldn't find remote ref|unknown revision|not our ref|unadvertised object|bad revision|no such ref|expected commit type/i,
    'missing-base',
  ],
  [
    /could not resolve host|connection (refused|timed out)|unable to (access|connect)|early eof|hung up|could not read from remote/i,
    'unreachable',
  ],
  [
    /corrupt|bad object|unable to read (tree |blob )?\(?[0-9a-f]{40}|(missing|not a valid) (blob|tree|commit|object)/i,
    'corrupt',
  ],
];

/** The kind of failure that git's error output means. */
export function kindOf(stderr: string): GitFailureKind {
  return WORDS.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'failed';
}

/** The failure that a call of git ended with, from what it said. */
export function toGitFailure(args: readonly string[], dir: string, stderr: string): GitFailure {
  const words = escapeForPeople(withoutProgress(stderr)).slice(-2000);
  const kind = kindOf(words);
  const message = `git ${args.slice(0, 3).join(' ')} failed in ${dir}: ${words}`;
  return new GitFailure(kind, addRemedy(kind, message), { words });
}

/** The words with what a person can do, where the table says that of the kind. */
export function addRemedy(kind: GitFailureKind, words: string): string {
  const { remedy } = GIT_FAILURES[kind];
  return remedy === '' ? words : `${words.replace(/[.\s]+$/, '')}. What to do: ${remedy}`;
}

/** Git's words without its progress: `Receiving objects:  40% (2/5)`, redrawn by carriage returns. */
function withoutProgress(stderr: string): string {
  return stderr
    .split('\n')
    .map((line) => line.replace(/\s+$/, '').replace(/^.*\r/, ''))
    .filter((line) => !/^(remote: )?([A-Z][a-z]+( [a-z]+){0,2}:? +\d+(%| |,|$)|Total \d)/.test(line))
    .join('\n')
    .trim();
}
