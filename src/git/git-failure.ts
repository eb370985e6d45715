/**
 * The only error class of the git room: it says what was tried, on what, and what a person can do.
 * Rule: its facts survive JSON, and it never contains passwords of URLs.
 */
import { escapeForPeople } from '../core/text/escape.ts';
import type { GitFailureKind } from '../core/failures.ts';
import { GIT_FAILURES } from '../core/failures.ts';

/** A failure of git. `facts.words` is git's own error output, escaped for display. */
export class GitFailure extends Error {
  override name = 'GitFailure';
  readonly kind: GitFailureKind;
  readonly facts: Record<string, string>;

  constructor(kind: GitFailureKind, message: string, facts: Record<string, string> = {}) {
    super(hideCredentials(message));
    this.kind = kind;
    this.facts = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, hideCredentials(value)]));
  }

  toJSON(): object {
    return { name: this.name, kind: this.kind, message: this.message, facts: this.facts };
  }
}

/** Replaces user names and passwords in URLs by `***`. */
export function hideCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/gi, '$1***@');
}

/** The kind of failure by git's error output; the first match wins. */
const WORDS: readonly [RegExp, GitFailureKind][] = [
  [/dubious ownership/i, 'ownership'],
  [/no space left|disk quota/i, 'disk-full'],
  // A remote reports these before the connection breaks. The broken connection alone would look like a passing failure.
  [/from promisor remote|lazy fetching disabled/i, 'partial'],
  [/repository corruption|failed to traverse parents|could not read [0-9a-f]{40}/i, 'corrupt'],
  // A host that refuses access does not say whether the repository exists, and trying again does not help.
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

/** The kind of failure by git's error output; `failed` if it is none of the known ones. */
export function kindOf(stderr: string): GitFailureKind {
  return WORDS.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'failed';
}

/** The failure of a call of git, from its error output. */
export function toGitFailure(args: readonly string[], dir: string, stderr: string): GitFailure {
  const words = escapeForPeople(withoutProgress(stderr)).slice(-2000);
  const kind = kindOf(words);
  const message = `git ${args.slice(0, 3).join(' ')} failed in ${dir}: ${words}`;
  return new GitFailure(kind, addRemedy(kind, message), { words });
}

/** Adds what a person can do about this kind of failure, if the table of failures says so. */
export function addRemedy(kind: GitFailureKind, words: string): string {
  const { remedy } = GIT_FAILURES[kind];
  return remedy === '' ? words : `${words.replace(/[.\s]+$/, '')}. What to do: ${remedy}`;
}

/** Git's error output without progress such as `Receiving objects:  40% (2/5)`, which carriage returns redraw. */
function withoutProgress(stderr: string): string {
  return stderr
    .split('\n')
    .map((line) => line.replace(/\s+$/, '').replace(/^.*\r/, ''))
    .filter((line) => !/^(remote: )?([A-Z][a-z]+( [a-z]+){0,2}:? +\d+(%| |,|$)|Total \d)/.test(line))
    .join('\n')
    .trim();
}
