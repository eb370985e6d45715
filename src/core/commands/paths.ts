/**
 * Whether a word of a command line could mean one of the paths that a rule names.
 * Rule: a word's own globs count as what a shell could make of them, and what they only could mean is no certainty;
 * each comparison is counted, and where no steps are left the answer is no, which whoever counts has to say.
 */
import { DYNAMIC } from './facts.ts';
import { expandBraces } from './words.ts';
import type { StepBudget } from '../step-budget.ts';
import { take } from '../step-budget.ts';

/** Longer words are prose. */
const MAX_PATH = 1000;

/** A path or a pattern as its segments. */
type Segments = readonly string[];

/** `maybe`: only what the shell fills in, when the line runs, decides it. */
export type Match = 'yes' | 'maybe' | 'no';

/**
 * How globs of words are read. `shell`: `*` and `**` match no name that begins with a dot, and nothing relative is
 * absolute. `wide`: `**` is any folders of the machine; of runs that began before.
 */
export type GlobReading = 'shell' | 'wide';

/** What comparisons may take, and the words that were compared before: a line's are, with each rule. */
export interface Comparing {
  budget: StepBudget;
  words: Map<string, Segments[]>;
  globs: GlobReading;
}

/** Lists of patterns live as long as their rules. */
const PATTERNS = new WeakMap<readonly string[], Segments[]>();

/** Whether a word, or the value in it (`--file=x`, `if=x`, `@x`), is one of the patterns. */
export function namesPath(word: string, patterns: readonly string[], comparing: Comparing): Match {
  const { budget, words, globs } = comparing;
  if (!take(budget, 1)) return 'no';
  let candidates = words.get(word);
  if (!candidates) words.set(word, (candidates = listCandidates(word, globs)));
  let read = PATTERNS.get(patterns);
  if (!read) PATTERNS.set(patterns, (read = patterns.map(normalise)));
  let best: Match = 'no';
  for (const path of candidates)
    for (const pattern of read) {
      best = surer(best, meet(path, pattern, comparing));
      if (best === 'yes') return best;
    }
  return best;
}

/** The better of two answers, where one is enough. */
export function surer(one: Match, other: Match): Match {
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

/** The workspace lies just below the root: what climbs out of it is at the root. */
function climb(path: Segments): Segments {
  return normalise(`/${path.filter((segment) => segment !== '..').join('/')}`);
}

/** Segments of a path, `.` and `..` resolved as text, a home folder as `~`. */
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

/** Whether some path is meant by both: a word of a shell, and a rule's pattern. From their ends, row by row. */
function meet(word: Segments, pattern: Segments, { budget, globs }: Comparing): Match {
  if (!take(budget, 1) || differ(word[0], pattern[0]) || differ(word.at(-1), pattern.at(-1))) return 'no';
  if (globs === 'shell' && isAbsolute(pattern) && !isAbsolute(word)) return 'no';
  if (!take(budget, word.length * pattern.length)) return 'no';
  /** Whether what follows in the word from here on meets what follows in the pattern. */
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

/** What a shell would fill in is no certainty. */
function surenessOf(segment: string, globs: GlobReading): Sureness {
  return globs === 'shell' && /[*?[\uFFFC]/.test(segment) ? MAYBE : YES;
}

/** What begins with a variable may be anywhere. */
function isAbsolute([first = '']: Segments): boolean {
  return first === '' || first.startsWith('~') || first.startsWith(DYNAMIC);
}

/** A segment that no star of a shell matches: a name with a dot in front, the root, a home folder. */
function isHidden(segment: string): boolean {
  return segment === '' || segment.startsWith('.') || segment.startsWith('~');
}

/** Both say exactly what they mean, and it is not the same; an empty pattern is no text. */
function differ(word: string | undefined, pattern: string | undefined): boolean {
  if (word === undefined || pattern === undefined || word === pattern) return false;
  return !/[*?]/.test(pattern) && !/[*?[\uFFFC]/.test(word);
}

/** Two globs of one segment. What the shell fills in counts as a star; a star alone says nothing of what is meant. */
function segmentsMeet(word: string, pattern: string, budget: StepBudget): boolean {
  const glob = blankBrackets(word.replaceAll(DYNAMIC, '*'));
  if (/[*?]/.test(glob)) {
    if (/^[*?.]*$/.test(glob)) return pattern === '*';
    if (pattern.startsWith('.') && /^[*?]/.test(word)) return false;
    // Whatever ends in a star could be any `*.key`: it has to begin that ending itself.
    if (/^\*\../.test(pattern) && !glob.includes(pattern.slice(1, 3))) return false;
  }
  return intersect(glob, pattern, budget);
}

/** `a[bc]` as `a?`. Nothing is looked for behind the last `]`: each `[` would look to the end. */
function blankBrackets(glob: string): string {
  const end = glob.lastIndexOf(']') + 1;
  return glob.slice(0, end).replace(/\[[^\]]*\]/g, '?') + glob.slice(end);
}

/** Whether a text is what a glob of `*`, `?` and `[ab]` means; brackets count as any character. */
export function matchesGlob(text: string, glob: string, budget: StepBudget): boolean {
  const plain = blankBrackets(glob);
  const star = plain.indexOf('*');
  if (star < 0 && plain.length !== text.length) return false;
  const start = /^[^*?]*/.exec(plain)?.[0] ?? '';
  if (!take(budget, 1) || !text.startsWith(start)) return false;
  return intersect(text.replace(/[*?]/g, DYNAMIC), plain, budget);
}

/** Whether some text is matched by both, each with `*` and `?`; row by row, so that no pattern is slow. */
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
