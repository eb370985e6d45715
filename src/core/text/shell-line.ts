/**
 * Writes a command as a line for a shell.
 * Rule: a printed line runs as it is printed, whatever its words contain.
 */

/** A program and its arguments as a line for a POSIX shell. */
export function shellLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
