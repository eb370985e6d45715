/**
 * Judges the files in a tree that git obeys, by what they say.
 * Rule: what `git fsck` refuses is refused here, and so is what is written in a way that programs may read differently.
 */

/** Git takes no longer line from attributes, and hosts refuse files with one. */
const MAX_ATTRIBUTES_LINE_BYTES = 2047;

/** A part of a path or an address that nobody takes for an option. */
const PART = String.raw`[\w.~+][\w.~+-]*`;
/** A path or an address as people write them: by URL, by ssh's short form, or relative. */
const ADDRESS = `(?:(?:https?|ssh|git)://(?:${PART}@)?${PART}(?::\\d+)?|(?:${PART}@)?${PART}:/?${PART}|/?${PART})(?:/${PART})*/?`;
/** One line of a `.gitmodules` that git and everybody else read alike: a section, or a field of a plain value. */
const MODULE_LINE = new RegExp(
  [
    String.raw`^[ \t]*(?:[#;].*|\[submodule "(?<name>[\w. /+@][\w. /+@-]*)"\]`,
    String.raw`(?:branch|ignore|shallow|fetchRecurseSubmodules)\s*=\s*[\w./][\w. /+@-]*`,
    String.raw`path\s*=\s*(?<path>[\w.][\w. /+@-]*)`,
    String.raw`url\s*=\s*${ADDRESS}`,
    String.raw`update\s*=\s*(?:checkout|rebase|merge|none))?[ \t]*$`,
  ].join('|'),
);

/**
 * Whether a `.gitmodules` says nothing that git refuses, or that has ever run a program: no options as values, no
 * commands, no names that climb. What is written in an unusual way is not judged, but refused too.
 */
export function isPlainModules(bytes: Buffer): boolean {
  const lines = bytes.toString('latin1').split('\n');
  return lines.every((line) => {
    const match = MODULE_LINE.exec(line.replace(/\r$/, ''));
    const { name = '', path = '' } = match?.groups ?? {};
    return match !== null && ![...name.split('/'), ...path.split('/')].includes('..');
  });
}

/** Whether git reads all of a `.gitattributes`. */
export function isPlainAttributes(bytes: Buffer): boolean {
  const lines = bytes.toString('latin1').split('\n');
  return lines.every((line) => line.length <= MAX_ATTRIBUTES_LINE_BYTES);
}
