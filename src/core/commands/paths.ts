/**
 * Whether a word of a command line could mean one of the paths that a rule names.
 * Rule: a word's own globs match whatever a shell could expand them to, but then the answer is only `maybe`. Each
 * comparison takes steps from the budget. Without steps the answer is `no`, so the caller must check the budget.
 */
import { DYNAMIC } from './facts.ts';
import { expandBraces } from './words.ts';
import type { StepBudget } from '../step-budget.ts';
import { take } from '../step-budget.ts';

/** Longer words are prose, not paths. In characters. */
const MAX_PATH = 1000;

/** A path or a pattern, split at slashes. */
type Segments = readonly string[];

/** `maybe`: it depends on what the shell fills in when the line runs. */
export type PathMatch = 'yes' | 'maybe' | 'no';

/**
 * How globs in words are read. `shell`: `*` and `**` match no name that begins with a dot, and a relative word is never
 * an absolute path. `wide`, for runs that began under older rules: `**` matches any folders of the machine.
 */
export type GlobReading = 'shell' | 'wide';

/** What the comparisons of one line share: the step budget, and the words that are split already. */
export interface Comparing {
  budget: StepBudget;
  words: Map<string, Segments[]>;
  globs: GlobReading;
}

/** Patterns split at slashes. An entry lives as long as its rule's list. */
const PATTERNS = new WeakMap<readonly string[], Segments[]>();

/** Whether a word, or the value in it (`--file=x`, `if=x`, `@x`), matches one of the patterns. */
export function namesPath(word: string, patterns: readonly string[], comparing: Comparing): PathMatch {
  const { budget, words, globs } = comparing;
  if (!take(budget, 1)) return 'no';
  let candidates = words.get(word);
  if (!candidates) words.set(word, (candidates = listCandidates(word, globs)));
  let read = PATTERNS.get(patterns);
  if (!read) PATTERNS.set(patterns, (read = patterns.map(normalise)));
  let best: PathMatch = 'no';
  for (const path of candidates)
    for (const pattern of read) {
      best = surer(best, meet(path, pattern, comparing));
      if (best === 'yes') return best;
    }
  return best;
}

/** The stronger of two matches, where one match is enough. */
export function surer(one: PathMatch, other: PathMatch): PathMatch {
  return one === 'yes' || other === 'yes' ? 'yes' : one === 'maybe' || other === 'maybe' ? 'maybe' : 'no';
}

function listCandidates(word: string, globs: GlobReading): Segments[] {
  if (word.length > MAX_PATH) return [];
  const parts = [word];
  const value = /^[\w.-]*[=@:]+(?<value>.+)$/s.exec(word)?.groups?.['value'];
  if (value !== undefined) parts.push(value);
  if (/^-\w[~./]/.test(word)) parts.push(word.slice(2));
  const read = parts.flatMap(expandBraces).map(normalise);
  return globs === 'wide' ? read : read.flatMap((path) => (path[0] === '..' ? [path, climb(path)] : [path]));
}

/** The workspace lies directly below the root, so a path that climbs out of it is at the root. */
function climb(path: Segments): Segments {
  return normalise(`/${path.filter((segment) => segment !== '..').join('/')}`);
}

/** The segments of a path: `.` and `..` are resolved as text, and a home folder becomes `~`. */
function normalise(path: string): Segments {
  const plain = path.replace(/^file:\/\//, '').replace(/^\/(root|home\/[^/]+|Users\/[^/]+)(?=\/|$)/, '~');
  const segments: string[] = [];
  for (const segment of plain.split('/')) {
    if (segment === '.' || (segment === '' && segments.length > 0)) continue;
    const isUp = segment === '..' && segments.length > 0 && !['', '~', '..', DYNAMIC].includes(segments.at(-1) ?? '');
    if (isUp) segments.pop();
    else segments.push(segment);
  }
  return segments;
}

const NO = 0;
const MAYBE = 1;
const YES = 2;
type Sureness = typeof NO | typeof MAYBE | typeof YES;

/** Whether a word and a pattern can mean the same path. Compares segments from the end, row by row. */
function meet(word: Segments, pattern: Segments, { budget, globs }: Comparing): PathMatch {
  if (!take(budget, 1) || differ(word[0], pattern[0]) || differ(word.at(-1), pattern.at(-1))) return 'no';
  if (globs === 'shell' && isAbsolute(pattern) && !isAbsolute(word)) return 'no';
  if (!take(budget, word.length * pattern.length)) return 'no';
  /** `below[j]`: whether the word from segment `i + 1` on meets the pattern from segment `j` on. */
  let below: Sureness[] = [];
  for (let i = word.length; i >= 0; i -= 1) {
    const row: Sureness[] = [];
    row[pattern.length] = i === word.length ? YES : NO;
    for (let j = pattern.length - 1; j >= 0; j -= 1) {
      const [segment, other] = [word[i], pattern[j] ?? ''];
      const [skipWord, skipPattern] = [below[j] ?? NO, row[j + 1] ?? NO];
      if (other === '**') row[j] = j === pattern.length - 1 ? YES : max(skipPattern, skipWord);
      else if (segment === undefined) row[j] = NO;
      else if (segment === '**' && i < word.length - 1)
        row[j] =
          globs === 'wide' ? max(skipWord, skipPattern) : max(skipWord, isHidden(other) ? NO : min(skipPattern, MAYBE));
      else if (globs === 'shell' && isAbsolute(word) && i < word.length - 1 && /^\*+$/.test(segment))
        row[j] = isHidden(other) ? NO : min(below[j + 1] ?? NO, MAYBE);
      else row[j] = min(below[j + 1] ?? NO, segmentsMeet(segment, other, budget) ? surenessOf(segment, globs) : NO);
    }
    below = row;
  }
  return (['no', 'maybe', 'yes'] as const)[below[0] ?? NO];
}

const max = (one: Sureness, other: Sureness): Sureness => (one > other ? one : other);
const min = (one: Sureness, other: Sureness): Sureness => (one < other ? one : other);

/** A segment that the shell expands is at most `maybe`. */
function surenessOf(segment: string, globs: GlobReading): Sureness {
  return globs === 'shell' && /[*?[\uFFFC]/.test(segment) ? MAYBE : YES;
}

/** A word that begins with a variable may be absolute. */
function isAbsolute([first = '']: Segments): boolean {
  return first === '' || first.startsWith('~') || first.startsWith(DYNAMIC);
}

/** A segment that a shell's `*` does not match: a name that begins with a dot, the root, a home folder. */
function isHidden(segment: string): boolean {
  return segment === '' || segment.startsWith('.') || segment.startsWith('~');
}

/** Whether both are plain text and differ. */
function differ(word: string | undefined, pattern: string | undefined): boolean {
  if (word === undefined || pattern === undefined || word === pattern) return false;
  return !/[*?]/.test(pattern) && !/[*?[\uFFFC]/.test(word);
}

/**
 * Whether two globs of one segment can match the same name. What the shell fills in counts as `*`; a word of stars
 * alone matches only a pattern `*`.
 */
function segmentsMeet(word: string, pattern: string, budget: StepBudget): boolean {
  const glob = blankBrackets(word.replaceAll(DYNAMIC, '*'));
  if (/[*?]/.test(glob)) {
    if (/^[*?.]*$/.test(glob)) return pattern === '*';
    if (pattern.startsWith('.') && /^[*?]/.test(word)) return false;
    // A word such as `a*` could match every pattern `*.key`; it counts only if the word contains the start of that
    // ending.
    if (/^\*\../.test(pattern) && !glob.includes(pattern.slice(1, 3))) return false;
  }
  return intersect(glob, pattern, budget);
}

/** `a[bc]` becomes `a?`. Only the text up to the last `]` is searched; else each `[` would be searched to the end. */
function blankBrackets(glob: string): string {
  const end = glob.lastIndexOf(']') + 1;
  return glob.slice(0, end).replace(/\[[^\]]*\]/g, '?') + glob.slice(end);
}

/** Whether a text matches a glob of `*`, `?` and `[ab]`. Brackets match any character. */
export function matchesGlob(text: string, glob: string, budget: StepBudget): boolean {
  const plain = blankBrackets(glob);
  const star = plain.indexOf('*');
  if (star < 0 && plain.length !== text.length) return false;
  const start = /^[^*?]*/.exec(plain)?.[0] ?? '';
  if (!take(budget, 1) || !text.startsWith(start)) return false;
  return intersect(text.replace(/[*?]/g, DYNAMIC), plain, budget);
}

/** Whether some text matches both globs of `*` and `?`. Works row by row: the time is the product of their lengths. */
function intersect(one: string, other: string, budget: StepBudget): boolean {
  if (!take(budget, (one.length + 1) * (other.length + 1))) return false;
  let row: boolean[] = [true];
  for (let i = 0; i <= one.length; i += 1) {
    const next: boolean[] = [];
    for (let j = 0; j <= other.length; j += 1) {
      if (!row[j]) continue;
      const isStar = one[i] === '*' || other[j] === '*';
      if (isStar) {
        next[j] = true;
        row[j + 1] = true;
      } else if (one[i] === other[j] || one[i] === '?' || other[j] === '?') next[j + 1] = true;
    }
    if (i === one.length) return row[other.length] === true;
    row = next;
  }
  return false;
}
