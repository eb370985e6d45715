/**
 * Code in a command line for an interpreter: `python -c`, `node -e`, a here-document.
 * Rule: code is never judged as text. Rules see only the paths that the code names, and code that decodes what it runs
 * can't be judged.
 */
import { basename } from './facts.ts';
import type { ReadWord } from './words.ts';

/** Interpreters, and the options that code follows. */
const CODE_OPTIONS: Record<string, RegExp> = {
  python: /^-\w*c$/,
  node: /^(-e|-p|-pe|--eval|--print)$/,
  deno: /^(eval|-p)$/,
  bun: /^(-e|--eval|-p|--print)$/,
  ruby: /^-\w*e$/,
  perl: /^-\w*[eE]$/,
  php: /^-r$/,
  lua: /^-e$/,
  R: /^-e$/,
  Rscript: /^-e$/,
  julia: /^-e$/,
  osascript: /^-e$/,
  tclsh: /^$/,
  groovy: /^-e$/,
};
const MAX_CODE_PATHS = 10;
const MAX_CODE_PATH = 100;

const UNPACKS =
  /b64decode|base64|atob\b|fromCharCode|fromCodePoint|\bchr\b|(\\x[\da-f]{2}){4}|unhexlify|fromhex|from_hex|unpack\(|decodeURIComponent|rot_?13|zlib/i;
const RUNS =
  /\bexec\w*\b|\beval\b|\bsystem\b|\bspawn\w*\b|\bpopen\b|\bFunction\b|child_process|subprocess|\bcompile\(/i;

/**
 * Four or more printable ASCII characters written as octal or hexadecimal escapes. Escapes for accents or colours don't
 * match.
 */
const ESCAPED = /(\\0?(0[4-7][0-7]|1[0-7][0-7])|\\x[2-7][\da-f]){4}/i;

/** Whether a word hides plain text in escapes. */
export function hidesText(word: string): boolean {
  return ESCAPED.test(word);
}

/**
 * The interpreter's name without folder and version: `/usr/bin/python3.11` is `python`. Undefined for other programs.
 */
export function interpreterOf(program: string): string | undefined {
  const name = basename(program).replace(/^(python|pypy|ruby|perl|php|lua|node)[\d.]*$/, '$1');
  const plain = name === 'pypy' ? 'python' : name === 'nodejs' ? 'node' : name;
  return Object.hasOwn(CODE_OPTIONS, plain) ? plain : undefined;
}

/** Whether an interpreter with these arguments reads its program from standard input. */
export function readsProgram(interpreter: string, words: readonly ReadWord[]): boolean {
  const options = CODE_OPTIONS[interpreter];
  return !words.some(({ text }) => (text !== '-' && !text.startsWith('-')) || options?.test(text) || text === '-m');
}

/**
 * Splits an interpreter's arguments: `words`, where the paths in a piece of code stand in place of the code, and
 * `code`, the pieces.
 */
export function takeCode(interpreter: string, words: readonly ReadWord[]): { words: ReadWord[]; code: ReadWord[] } {
  const options = CODE_OPTIONS[interpreter];
  const code: ReadWord[] = [];
  const kept = words.flatMap((word, index) => {
    if (!options?.test(words[index - 1]?.text ?? ' ')) return [word];
    code.push(word);
    return listCodePaths(word.text).map((text) => ({ text, literal: true }));
  });
  return { words: kept, code };
}

/** Quoted texts in code that look like paths: they have a slash, or begin with a dot or a tilde. */
export function listCodePaths(code: string): string[] {
  const quoted = [...code.matchAll(/(["'`])((?:(?!\1)[^\\\n]){2,100})\1/g)].map(([, , text = '']) => text);
  const paths = quoted.filter((text) => text.length <= MAX_CODE_PATH && /^[~./]|\//.test(text) && !/\s/.test(text));
  return [...new Set(paths)].slice(0, MAX_CODE_PATHS);
}

/** Whether code decodes text and also runs something: such code says little to a reader. */
export function unpacksWhatItRuns(code: string): boolean {
  return UNPACKS.test(code) && RUNS.test(code);
}
