/**
 * Text of models and people on its way into a commit's message or a pull request's title, where nothing can be marked
 * as code.
 * Rule: it closes no issue, mentions nobody, skips no build, and is no trailer; it stays readable.
 */
import { escapeForPeople } from './escape.ts';
import { asLine, clipText } from './lines.ts';

/** What makes forges close issues and name people, and builds be skipped. */
const SKIPS = /\[\s*(no[ _-]ci|skip[ _-][a-z]+|[a-z]+[ _-]skip)\s*\]|\*\*\*(no_ci)\*\*\*/gi;
const ISSUE = /(#|(?<![\p{L}\p{N}])(?:gh-|!))(?=\d)/giu;
const ISSUE_URL = /(\/(?:issues|pull|pulls|merge_requests)\/)(?=\d)/gi;
const MENTION = /(^|[^\p{L}\p{N}])@(?=[\p{L}\p{N}])/gu;
/** `Word-word:` at the start of a line, as git and forges know trailers, and what `git cherry-pick` writes. */
const TRAILER = /^(?=[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)+[ \t]*:|[ \t]*\(cherry picked from)/gimu;

/** Lines of text, none of which a forge or git takes for more than text. */
export function asProse(text: string): string {
  return escapeForPeople(text)
    .replace(SKIPS, (_, one: string | undefined, other: string | undefined) => `(${one ?? other})`)
    .replace(ISSUE, '$1 ')
    .replace(ISSUE_URL, '$1 ')
    .replace(MENTION, '$1@ ')
    .replace(TRAILER, ' ');
}

/** The same as one line of at most `most` characters: a subject, a title. */
export function asTitle(text: string, most = 200): string {
  return clipText(asProse(asLine(text)).trim(), most);
}

/** A trailer of ours: a key, and a value that is one line whatever it holds. */
export function trailer(key: string, value: string): string {
  return `${key}: ${asLine(value)}`;
}
