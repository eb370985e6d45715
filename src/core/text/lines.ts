/**
 * Shows text of models, repositories and people as one line, as a quoted block, or as a part with a count of the rest.
 * Rule: such a text can't look like a line of ours, and what is left out is counted.
 */
import { escapeForPeople } from './escape.ts';

/** One line, escaped. Line breaks are shown as `⏎`. */
export function asLine(text: string): string {
  return escapeForPeople(text.trim().replace(/[\t ]*(?:\r\n|[\n\r\u0085\u2028\u2029])[\t ]*/g, ' ⏎ ')).replaceAll(
    '\t',
    ' ',
  );
}

/** All lines of a text for a terminal, each after the mark `| `, which shows that it is quoted. */
export function asBlock(text: string, indent = '  '): string {
  return escapeForPeople(text)
    .split('\n')
    .map((line) => `${indent}| ${line}`)
    .join('\n');
}

/** The text up to its first line break. */
export function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

/** A number with what it counts: `1 task`, `2 tasks`. */
export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** At most the first `most` characters, and how many are left. No surrogate pair is split. */
export function clip(text: string, most: number): { kept: string; left: number } {
  if (text.length <= most) return { kept: text, left: 0 };
  const kept = text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
  return { kept, left: text.length - kept.length };
}

/** The last `most` characters. No surrogate pair is split. */
export function clipEnd(text: string, most: number): string {
  return text.length <= most ? text : text.slice(-most).replace(/^[\udc00-\udfff]/, '');
}

/** The text cut to `most` characters; an ellipsis at the end if it was longer. */
export function clipText(text: string, most: number): string {
  return text.length > most ? `${clip(text, most - 1).kept}…` : text;
}

/** The start and the end of a text, together at most `most` characters, with a count of what is left out between. */
export function ends(text: string, most: number): string {
  const { kept } = clip(text, Math.floor(most / 3));
  const tail = text.slice(Math.max(kept.length, text.length - (most - kept.length))).replace(/^[\udc00-\udfff]/, '');
  const left = text.length - kept.length - tail.length;
  return left <= 0 ? text : `${kept}\n… ${left} characters left out …\n${tail}`;
}

/** A name inside a sentence: in quotes if it has characters that could be read as part of the sentence. */
export function asName(name: string): string {
  const line = clip(asLine(name), 200).kept;
  return /^[\p{L}\p{N}\p{M}][\p{L}\p{N}\p{M} .,_@+'/-]*$/u.test(line) ? line : JSON.stringify(line);
}

/** Text as one line of at most `most` characters. An ellipsis shows that it was cut. */
export function shorten(text: string, most: number): string {
  return clipText(text.replace(/\s+/g, ' ').trim(), most);
}
