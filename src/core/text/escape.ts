/**
 * Escapes text from models and repositories, so that it can't move a cursor, or hide or reorder what people read.
 * Rule: line breaks and tabs stay. Every other control, bidirectional or zero-width character is shown as its code.
 */

/** Controls, bidirectional and zero-width characters, invisible fillers, tags, and lone surrogates. */
const UNSAFE = new RegExp(
  String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f` +
    String.raw`\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}` +
    String.raw`\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}\p{Cs}]`,
  'gu',
);

/** The text with each unsafe character as `\u{…}`. */
export function escapeForPeople(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** JSON with unsafe characters escaped. It parses to the same value. */
export function safeJson(value: unknown, indent?: number): string {
  return (JSON.stringify(value, null, indent) ?? 'null').replace(UNSAFE, (character) =>
    Array.from({ length: character.length }, (_, at) => unit(character.charCodeAt(at))).join(''),
  );
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}
