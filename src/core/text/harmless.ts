/**
 * Text as it comes in from models, repositories and people, made harmless once: a value read by its schema, and what
 * must not be changed and so is refused.
 * Rule: line breaks and tabs stay; whatever moves, hides or reorders text becomes its code, `\u{202e}`, for all who
 * read it later. A second time changes nothing.
 */
import { escapeForPeople } from './escape.ts';

/** A value with each text in it made harmless, keys too. It has been read by a schema, so it is not deep. */
export function harmless<T>(value: T): T {
  return soften(value) as T;
}

function soften(value: unknown): unknown {
  if (typeof value === 'string') return escapeForPeople(value.replaceAll(/\r\n?/g, '\n'));
  if (Array.isArray(value)) return value.map(soften);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [escapeForPeople(key), soften(inner)]));
}

/** Why a text that is used as it stands (a command, a path, an address) is refused; undefined where it is not. */
export function findUnseen(text: string): string | undefined {
  const escaped = escapeForPeople(text);
  if (escaped === text) return undefined;
  const [code = ''] = /\\u\{[0-9a-f]+\}/.exec(escaped) ?? [];
  return `has a character that people can't see (${code}): leave it out`;
}
