/**
 * Decides as git does which paths are ignored, from the text of `.gitignore` files; pure, on byte strings (latin1), so
 * that no name is mangled.
 * Rule: reading and matching take a bounded number of steps whatever an agent writes into a `.gitignore`, hence no
 * regular expressions. Once the steps are used up, no more paths are ignored.
 */
import { openBudget, take } from '../../core/step-budget.ts';
import type { StepBudget } from '../../core/step-budget.ts';

/** One line of a `.gitignore`, compiled. */
interface Pattern {
  negated: boolean;
  foldersOnly: boolean;
  /**
   * The pattern has a slash inside, so it is matched from its `.gitignore`'s folder; otherwise against names.
   */
  anchored: boolean;
  tokens: readonly Token[];
}

type Token =
  | { kind: 'byte'; byte: string }
  | { kind: 'any' }
  /** `ranges` are pairs of a lowest and a highest byte. */
  | { kind: 'set'; negated: boolean; ranges: string }
  | { kind: 'star' }
  /** A double star and its slash: no folder, or any number of them. */
  | { kind: 'folders' }
  /** A double star that ends the pattern. */
  | { kind: 'rest' };

/** Tokens are shared, so that a long pattern is small. */
const STAR: Token = { kind: 'star' };
const FOLDERS: Token = { kind: 'folders' };
const REST: Token = { kind: 'rest' };
const ANY: Token = { kind: 'any' };
const BYTES = Array.from({ length: 256 }, (_, byte): Token => ({ kind: 'byte', byte: String.fromCharCode(byte) }));

/** The patterns of one `.gitignore`, and the folder that holds it (`''` for the root, else with a slash at its end). */
export interface IgnoreFile {
  folder: string;
  patterns: readonly Pattern[];
}

/** Steps for reading one byte and one line: compiled, a line takes a hundred bytes of memory and each byte eight. */
const STEPS_OF_BYTE = 10;
const STEPS_OF_LINE = 50;
const UNLIMITED = openBudget(Number.POSITIVE_INFINITY);

/** Compiles the text of the `.gitignore` in `folder`; when the steps are used up, only the lines so far. */
export function parseGitignore(text: string, folder: string, budget: StepBudget = UNLIMITED): IgnoreFile {
  const body = text.startsWith('\xef\xbb\xbf') ? text.slice(3) : text;
  const patterns: Pattern[] = [];
  for (let start = 0; start < body.length; ) {
    const found = body.indexOf('\n', start);
    const end = found < 0 ? body.length : found;
    const line = body.slice(start, end);
    start = end + 1;
    if (!take(budget, STEPS_OF_LINE + STEPS_OF_BYTE * line.length)) break;
    const pattern = parseLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    if (pattern) patterns.push(pattern);
  }
  return { folder, patterns };
}

/**
 * Whether these files, outermost first, ignore a path. Looks at this path alone: callers skip what is below ignored
 * folders themselves. False once the steps are used up.
 */
export function isIgnored(
  files: readonly IgnoreFile[],
  path: string,
  isFolder: boolean,
  budget: StepBudget = UNLIMITED,
): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  for (let f = files.length - 1; f >= 0; f -= 1) {
    const file = files[f];
    if (!file) continue;
    for (let p = file.patterns.length - 1; p >= 0; p -= 1) {
      if (!take(budget, 1)) return false;
      const pattern = file.patterns[p];
      if (!pattern || (pattern.foldersOnly && !isFolder)) continue;
      const subject = pattern.anchored ? path.slice(file.folder.length) : name;
      if (matches(pattern.tokens, subject, budget)) return !pattern.negated;
    }
  }
  return false;
}

function parseLine(line: string): Pattern | undefined {
  if (line.startsWith('#')) return undefined;
  let text = trimEnd(line);
  const negated = text.startsWith('!');
  if (negated) text = text.slice(1);
  const foldersOnly = text.endsWith('/');
  if (foldersOnly) text = text.slice(0, -1);
  if (text === '') return undefined;
  const anchored = text.includes('/');
  const tokens = compile(text.startsWith('/') ? text.slice(1) : text);
  return tokens ? { negated, foldersOnly, anchored, tokens } : undefined;
}

/** Drops spaces at the end, except one that a backslash keeps. */
function trimEnd(line: string): string {
  let end = 0;
  for (let i = 0; i < line.length; i += 1) {
    if (line[i] === '\\') {
      i += 1;
      end = Math.min(i + 1, line.length);
    } else if (line[i] !== ' ') end = i + 1;
  }
  return line.slice(0, end);
}

/**
 * The tokens of a pattern; undefined if it can never match (an open bracket, a lone backslash at the end).
 */
function compile(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  // Git compares the literal start separately, so a double star right after it counts as one at the start.
  const literal = text.search(/[*?[\\]/);
  for (let i = 0; i < text.length; ) {
    const char = text.charAt(i);
    if (char === '*') {
      let end = i;
      while (text[end] === '*') end += 1;
      const alone = end - i >= 2 && (i === literal || text[i - 1] === '/');
      if (alone && end === text.length) tokens.push(REST);
      else if (alone && text[end] === '/') {
        tokens.push(FOLDERS);
        end += 1;
      } else tokens.push(STAR);
      i = end;
    } else if (char === '?') {
      tokens.push(ANY);
      i += 1;
    } else if (char === '[') {
      const set = compileSet(text, i + 1);
      if (!set) return undefined;
      tokens.push(set.token);
      i = set.end;
    } else {
      if (char === '\\') i += 1;
      if (i >= text.length) return undefined;
      tokens.push(BYTES[text.charCodeAt(i) & 0xff] as Token);
      i += 1;
    }
  }
  return tokens;
}

/** Named classes as ranges: pairs of a lowest and a highest byte. */
const CLASSES = new Map(
  Object.entries({
    alnum: 'AZaz09',
    alpha: 'AZaz',
    blank: '  \t\t',
    cntrl: '\x00\x1f\x7f\x7f',
    digit: '09',
    graph: '\x21\x7e',
    lower: 'az',
    print: '\x20\x7e',
    punct: '!/:@[`{~',
    space: '\t\r  ',
    upper: 'AZ',
    xdigit: '09AFaf',
  }),
);

/** A bracket expression whose first byte after `[` is at `start`; `end` is the index after its `]`. */
function compileSet(text: string, start: number): { token: Token; end: number } | undefined {
  let ranges = '';
  let i = start;
  const negated = text[i] === '!' || text[i] === '^';
  if (negated) i += 1;
  for (let first = true; first || text[i] !== ']'; first = false) {
    if (i >= text.length) return undefined;
    const named = /^\[:([a-z]*):\]/.exec(text.slice(i, i + 12));
    if (named) {
      const known = CLASSES.get(named[1] ?? '');
      if (known === undefined) return undefined;
      ranges += known;
      i += named[0].length;
      continue;
    }
    if (text[i] === '\\') i += 1;
    const low = text.charAt(i);
    if (low === '') return undefined;
    i += 1;
    if (text[i] === '-' && i + 1 < text.length && text[i + 1] !== ']') {
      i += text[i + 1] === '\\' ? 2 : 1;
      const high = text.charAt(i);
      if (high === '') return undefined;
      i += 1;
      ranges += low + high;
    } else ranges += low + low;
  }
  return { token: { kind: 'set', negated, ranges }, end: i + 1 };
}

/** Matches with two resume points, the last star and the last double star. Going back to earlier ones never helps. */
function matches(tokens: readonly Token[], text: string, budget: StepBudget): boolean {
  let token = 0;
  let at = 0;
  let star = { token: -1, at: 0 };
  let folders = { token: -1, at: 0 };
  for (;;) {
    const current = tokens[token];
    if (!take(budget, current?.kind === 'set' ? 1 + current.ranges.length : 1)) return false;
    if (!current) {
      if (at === text.length) return true;
    } else if (current.kind === 'rest') return true;
    else if (current.kind === 'star') {
      token += 1;
      star = { token, at };
      continue;
    } else if (current.kind === 'folders') {
      token += 1;
      folders = { token, at };
      star = { token: -1, at: 0 };
      continue;
    } else if (at < text.length && matchesByte(current, text.charAt(at))) {
      token += 1;
      at += 1;
      continue;
    }
    if (star.token >= 0 && star.at < text.length && text[star.at] !== '/') {
      star.at += 1;
      ({ token, at } = star);
      continue;
    }
    const slash = folders.token >= 0 ? text.indexOf('/', folders.at) : -1;
    if (slash < 0) return false;
    folders.at = slash + 1;
    ({ token, at } = folders);
    star = { token: -1, at: 0 };
  }
}

function matchesByte(token: Token, byte: string): boolean {
  switch (token.kind) {
    case 'byte':
      return token.byte === byte;
    case 'any':
      return byte !== '/';
    case 'set':
      return byte !== '/' && isWithin(token.ranges, byte) !== token.negated;
    default:
      return false;
  }
}

function isWithin(ranges: string, byte: string): boolean {
  for (let i = 0; i < ranges.length; i += 2) if (byte >= ranges.charAt(i) && byte <= ranges.charAt(i + 1)) return true;
  return false;
}
