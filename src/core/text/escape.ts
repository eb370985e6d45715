/**
 * Makes text from models and repositories safe to show: nothing in it can move a cursor, hide or reorder what people
 * read.
 * Rule: line breaks and tabs stay, every other control, bidirectional and zero-width character is shown as its code.
 */

/** Controls, what reorders, what has no width, fillers that look like nothing, tags, and halves of characters. */
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

/** A value as JSON whose text is safe to show, and reads as the same value. */
export function safeJson(value: unknown, indent?: number): string {
  return (JSON.stringify(value, null, indent) ?? 'null').replace(UNSAFE, (character) =>
    Array.from({ length: character.length }, (_, at) => unit(character.charCodeAt(at))).join(''),
  );
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}
