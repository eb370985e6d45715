/** The words of a text, split at spaces and line ends. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
