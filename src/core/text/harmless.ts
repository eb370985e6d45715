/**
 * Escapes text from models, repositories and people once, when it comes in, and finds texts that must be refused
 * because they can't be changed.
 * Rule: line breaks and tabs stay. A character that moves, hides or reorders text becomes its code, such as `\u{202e}`,
 * for all later readers. Escaping twice changes nothing.
 */
import { escapeForPeople } from './escape.ts';

/** A copy with each text escaped, keys too. The value has passed a schema, so it is not deep. */
export function harmless<T>(value: T): T {
  return soften(value) as T;
}

function soften(value: unknown): unknown {
  if (typeof value === 'string') return escapeForPeople(value.replaceAll(/\r\n?/g, '\n'));
  if (Array.isArray(value)) return value.map(soften);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [escapeForPeople(key), soften(inner)]));
}

/** Why a text that is used unchanged (a command, a path, an address) is refused. Undefined if it is fine. */
export function findUnseen(text: string): string | undefined {
  const escaped = escapeForPeople(text);
  if (escaped === text) return undefined;
  const [code = ''] = /\\u\{[0-9a-f]+\}/.exec(escaped) ?? [];
  return `has a character that people can't see (${code}): leave it out`;
}
