/**
 * Checks `.gitmodules` and `.gitattributes` files of a tree by their content.
 * Rule: what `git fsck` refuses is refused here, and so is anything that programs may read in different ways.
 */

/** Git ignores longer lines in attributes, and hosts refuse files with them. */
const MAX_ATTRIBUTES_LINE_BYTES = 2047;

/** A part of a path or an address that no program takes for an option. */
const PART = String.raw`[\w.~+][\w.~+-]*`;
/** A path or an address as people write them: by URL, by ssh's short form, or relative. */
const ADDRESS = `(?:(?:https?|ssh|git)://(?:${PART}@)?${PART}(?::\\d+)?|(?:${PART}@)?${PART}:/?${PART}|/?${PART})(?:/${PART})*/?`;
/** One line of a `.gitmodules` that all programs read in the same way: a section, or a field with a plain value. */
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
 * Whether a `.gitmodules` has only lines that git accepts and that never run a program: no options as values, no
 * commands, no `..` in names. Lines in an unusual form are refused too.
 */
export function isPlainModules(bytes: Buffer): boolean {
  const lines = bytes.toString('latin1').split('\n');
  return lines.every((line) => {
    const match = MODULE_LINE.exec(line.replace(/\r$/, ''));
    const { name = '', path = '' } = match?.groups ?? {};
    return match !== null && ![...name.split('/'), ...path.split('/')].includes('..');
  });
}

/** Whether git reads every line of a `.gitattributes`. */
export function isPlainAttributes(bytes: Buffer): boolean {
  const lines = bytes.toString('latin1').split('\n');
  return lines.every((line) => line.length <= MAX_ATTRIBUTES_LINE_BYTES);
}
