/**
 * Text of models, repositories and people as lines: one line, a marked block, a part with a count of the rest.
 * Rule: a text can't begin a line of ours, and nothing is left out without being counted.
 */
import { escapeForPeople } from './escape.ts';

/** One line with nothing in it that moves, hides or reorders text; line breaks are shown as `⏎`. */
export function asLine(text: string): string {
  return escapeForPeople(text.trim().replace(/[\t ]*(?:\r\n|[\n\r\u0085\u2028\u2029])[\t ]*/g, ' ⏎ ')).replaceAll(
    '\t',
    ' ',
  );
}

/** All lines of a text, each behind a mark, for a terminal: what stands behind the mark is quoted. */
export function asBlock(text: string, indent = '  '): string {
  return escapeForPeople(text)
    .split('\n')
    .map((line) => `${indent}| ${line}`)
    .join('\n');
}

/** The first `most` characters, and how many are left; no character is split. */
export function clip(text: string, most: number): { kept: string; left: number } {
  if (text.length <= most) return { kept: text, left: 0 };
  const kept = text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
  return { kept, left: text.length - kept.length };
}

/** A text of at most so many characters, with a sign where it was longer. */
export function clipText(text: string, most: number): string {
  return text.length > most ? `${clip(text, most - 1).kept}…` : text;
}

/** The first and the last part of a text, at most so many characters of it; how many are left out between is said. */
export function ends(text: string, most: number): string {
  const { kept } = clip(text, Math.floor(most / 3));
  const tail = text.slice(Math.max(kept.length, text.length - (most - kept.length))).replace(/^[\udc00-\udfff]/, '');
  const left = text.length - kept.length - tail.length;
  return left <= 0 ? text : `${kept}\n… ${left} characters left out …\n${tail}`;
}

/** A name within a sentence: as it stands where it has nothing of a sentence's own signs, else in quotes. */
export function asName(name: string): string {
  const line = clip(asLine(name), 200).kept;
  return /^[\p{L}\p{N}\p{M}][\p{L}\p{N}\p{M} .,_@+'/-]*$/u.test(line) ? line : JSON.stringify(line);
}

/** Text as one line of at most `most` characters; what was cut is said by an ellipsis. */
export function shorten(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
