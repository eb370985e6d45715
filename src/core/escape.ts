/**
 * Makes text from models and repositories safe to show: nothing in it can move a cursor, hide or reorder what people
 * read.
 * Rule: line breaks and tabs stay, every other control, bidirectional and zero-width character is shown as its code.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** The text with each unsafe character as `\u{…}`. */
export function escapeForPeople(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
