/**
 * Whether a word of a command line could mean one of the paths that a rule names.
 * Rule: a word's own globs count as what they could become, but a bare star is not taken for every secret there is;
 * each comparison is counted, and where no steps are left the answer is no, which whoever counts has to say.
 */
import { DYNAMIC } from './command-facts.ts';
import { expandBraces } from './command-words.ts';
import type { JudgeBudget } from './judge-budget.ts';
import { take } from './judge-budget.ts';

/** Longer words are prose. */
const MAX_PATH = 1000;

/** A path or a pattern as its segments. */
type Segments = readonly string[];

/** What comparisons may take, and the words that were compared before: a line's are, with each rule. */
export interface Comparing {
  budget: JudgeBudget;
  words: Map<string, Segments[]>;
}

/** Lists of patterns live as long as their rules. */
const PATTERNS = new WeakMap<readonly string[], Segments[]>();

/** Whether a word, or the value in it (`--file=x`, `if=x`, `@x`), is one of the patterns. */
export function namesPath(word: string, patterns: readonly string[], { budget, words }: Comparing): boolean {
  if (!take(budget, 1)) return false;
  let candidates = words.get(word);
  if (!candidates) words.set(word, (candidates = listCandidates(word)));
  let read = PATTERNS.get(patterns);
  if (!read) PATTERNS.set(patterns, (read = patterns.map(normalise)));
  return candidates.some((path) => read.some((pattern) => canMeet(path, pattern, budget)));
}

function listCandidates(word: string): Segments[] {
  if (word.length > MAX_PATH) return [];
  const parts = [word];
  const value = /^[\w.-]*[=@:]+(?<value>.+)$/s.exec(word)?.groups?.['value'];
  if (value !== undefined) parts.push(value);
  if (/^-\w[~./]/.test(word)) parts.push(word.slice(2));
  return parts.flatMap(expandBraces).map(normalise);
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

/** Whether some path is meant by both: a word of a shell, and a rule's pattern. From their ends, row by row. */
function canMeet(word: Segments, pattern: Segments, budget: JudgeBudget): boolean {
  if (!take(budget, 1) || differ(word[0], pattern[0]) || differ(word.at(-1), pattern.at(-1))) return false;
  if (!take(budget, word.length * pattern.length)) return false;
  /** Whether what follows in the word from here on meets what follows in the pattern. */
  let below: boolean[] = [];
  for (let i = word.length; i >= 0; i -= 1) {
    const row: boolean[] = [];
    row[pattern.length] = i === word.length;
    for (let j = pattern.length - 1; j >= 0; j -= 1) {
      const [segment, other] = [word[i], pattern[j] ?? ''];
      if (other === '**') row[j] = j === pattern.length - 1 || row[j + 1] === true || below[j] === true;
      else if (segment === undefined) row[j] = false;
      else if (segment === '**' && i < word.length - 1) row[j] = below[j] === true || row[j + 1] === true;
      else row[j] = below[j + 1] === true && segmentsMeet(segment, other, budget);
    }
    below = row;
  }
  return below[0] === true;
}

/** Both say exactly what they mean, and it is not the same; an empty pattern is no text. */
function differ(word: string | undefined, pattern: string | undefined): boolean {
  if (word === undefined || pattern === undefined || word === pattern) return false;
  return !/[*?]/.test(pattern) && !/[*?[\uFFFC]/.test(word);
}

/** Two globs of one segment. What the shell fills in counts as a star; a star alone says nothing of what is meant. */
function segmentsMeet(word: string, pattern: string, budget: JudgeBudget): boolean {
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
export function matchesGlob(text: string, glob: string, budget: JudgeBudget): boolean {
  const plain = blankBrackets(glob);
  const star = plain.indexOf('*');
  if (star < 0 && plain.length !== text.length) return false;
  const start = /^[^*?]*/.exec(plain)?.[0] ?? '';
  if (!take(budget, 1) || !text.startsWith(start)) return false;
  return intersect(text.replace(/[*?]/g, DYNAMIC), plain, budget);
}

/** Whether some text is matched by both, each with `*` and `?`; row by row, so that no pattern is slow. */
function intersect(one: string, other: string, budget: JudgeBudget): boolean {
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
