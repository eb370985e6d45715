/**
 * Prepares text of models and people for a commit message or a pull request's title, where it can't be marked as code.
 * Rule: it closes no issue, mentions nobody, skips no build and is no trailer, and it stays readable.
 */
import { escapeForPeople } from './escape.ts';
import { asLine, clipText } from './lines.ts';

/** Words by which forges skip builds. */
const SKIPS = /\[\s*(no[ _-]ci|skip[ _-][a-z]+|[a-z]+[ _-]skip)\s*\]|\*\*\*(no_ci)\*\*\*/gi;
const ISSUE = /(#|(?<![\p{L}\p{N}])(?:gh-|!))(?=\d)/giu;
const ISSUE_URL = /(\/(?:issues|pull|pulls|merge_requests)\/)(?=\d)/gi;
const MENTION = /(^|[^\p{L}\p{N}])@(?=[\p{L}\p{N}])/gu;
/**
 * `Word-word:` at the start of a line, which git and forges read as a trailer, and the line that `git cherry-pick -x`
 * writes.
 */
const TRAILER = /^(?=[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)+[ \t]*:|[ \t]*\(cherry picked from)/gimu;

/** The text, changed so that forges and git see no commands in it. Its lines stay lines. */
export function asProse(text: string): string {
  return escapeForPeople(text)
    .replace(SKIPS, (_, one: string | undefined, other: string | undefined) => `(${one ?? other})`)
    .replace(ISSUE, '$1 ')
    .replace(ISSUE_URL, '$1 ')
    .replace(MENTION, '$1@ ')
    .replace(TRAILER, ' ');
}

/** The same as one line of at most `most` characters, for a subject or a title. */
export function asTitle(text: string, most = 200): string {
  return clipText(asProse(asLine(text)).trim(), most);
}

/** A trailer that we write. The value is always one line. */
export function trailer(key: string, value: string): string {
  return `${key}: ${asLine(value)}`;
}
