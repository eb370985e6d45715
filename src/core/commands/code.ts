/**
 * Code that a command line carries for an interpreter: `python -c`, `node -e`, `awk`, a here-document.
 * Rule: code is never judged as text; of it rules see only the paths that it names, and code that unpacks what it runs
 * can't be judged at all.
 */
import { basename } from './facts.ts';
import type { ReadWord } from './words.ts';

/** Interpreters, with the options that are followed by code. */
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

/** Printable characters in a row that somebody wrote as octal or hexadecimal escapes; accents and colours are none. */
const ESCAPED = /(\\0?(0[4-7][0-7]|1[0-7][0-7])|\\x[2-7][\da-f]){4}/i;

/** Whether a word spells in escapes what could as well be read. */
export function hidesText(word: string): boolean {
  return ESCAPED.test(word);
}

/** An interpreter's plain name: `/usr/bin/python3.11` is `python`. */
export function interpreterOf(program: string): string | undefined {
  const name = basename(program).replace(/^(python|pypy|ruby|perl|php|lua|node)[\d.]*$/, '$1');
  const plain = name === 'pypy' ? 'python' : name === 'nodejs' ? 'node' : name;
  return Object.hasOwn(CODE_OPTIONS, plain) ? plain : undefined;
}

/** Whether an interpreter that was given these words reads its program from its input. */
export function readsProgram(interpreter: string, words: readonly ReadWord[]): boolean {
  const options = CODE_OPTIONS[interpreter];
  return !words.some(({ text }) => (text !== '-' && !text.startsWith('-')) || options?.test(text) || text === '-m');
}

/** The words of an interpreter with each piece of code replaced by the paths that it names, and those pieces. */
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

/** Texts in a piece of code that could be paths: quoted, with a slash or a leading dot or tilde. */
export function listCodePaths(code: string): string[] {
  const quoted = [...code.matchAll(/(["'`])((?:(?!\1)[^\\\n]){2,100})\1/g)].map(([, , text = '']) => text);
  const paths = quoted.filter((text) => text.length <= MAX_CODE_PATH && /^[~./]|\//.test(text) && !/\s/.test(text));
  return [...new Set(paths)].slice(0, MAX_CODE_PATHS);
}

/** Whether a piece of code unpacks text and runs something, so that reading it says little. */
export function unpacksWhatItRuns(code: string): boolean {
  return UNPACKS.test(code) && RUNS.test(code);
}
