/**
 * Lists of words as one text, so that a long list fills its lines and reads like a sentence.
 * Rule: no word has a space in it.
 */

/** The words of a text, split at spaces and line ends. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
