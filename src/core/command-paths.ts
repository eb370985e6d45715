/**
 * Whether a word of a command line could mean one of the paths that a rule names.
 * Rule: a word's own globs count as what they could become, but a bare star is not taken for every secret there is.
 */
import { DYNAMIC } from './command-facts.ts';
import { expandBraces } from './command-words.ts';

/** Longer words are prose. */
const MAX_PATH = 1000;

/** Whether a word, or the value in it (`--file=x`, `if=x`, `@x`), is one of the patterns. */
export function namesPath(word: string, patterns: readonly string[]): boolean {
  const candidates = listCandidates(word);
  return candidates.some((path) => patterns.some((pattern) => canMeet(path, normalise(pattern))));
}

function listCandidates(word: string): string[][] {
  if (word.length > MAX_PATH) return [];
  const parts = [word];
  const value = /^[\w.-]*[=@:]+(?<value>.+)$/s.exec(word)?.groups?.['value'];
  if (value !== undefined) parts.push(value);
  if (/^-\w[~./]/.test(word)) parts.push(word.slice(2));
  return parts.flatMap(expandBraces).map(normalise);
}

/** Segments of a path, `.` and `..` resolved as text, a home folder as `~`. */
function normalise(path: string): string[] {
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

/** Whether some path is meant by both: a word of a shell, and a rule's pattern. */
function canMeet(word: readonly string[], pattern: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return word.length === 0;
  if (first === '**')
    return rest.length === 0 || word.some((_, index) => canMeet(word.slice(index), rest)) || canMeet([], rest);
  const [segment, ...others] = word;
  if (segment === undefined) return false;
  if (segment === '**' && others.length > 0) return canMeet(others, pattern) || canMeet(word, rest);
  return segmentsMeet(segment, first) && canMeet(others, rest);
}

/** Two globs of one segment. What the shell fills in counts as a star; a star alone says nothing of what is meant. */
function segmentsMeet(word: string, pattern: string): boolean {
  const glob = word.replaceAll(DYNAMIC, '*').replace(/\[[^\]]*\]/g, '?');
  if (/[*?]/.test(glob)) {
    if (/^[*?.]*$/.test(glob)) return pattern === '*';
    if (pattern.startsWith('.') && /^[*?]/.test(word)) return false;
    // Whatever ends in a star could be any `*.key`: it has to begin that ending itself.
    if (/^\*\../.test(pattern) && !glob.includes(pattern.slice(1, 3))) return false;
  }
  return intersect(glob, pattern);
}

/** Whether a text is what a glob of `*`, `?` and `[ab]` means; brackets count as any character. */
export function matchesGlob(text: string, glob: string): boolean {
  return intersect(text.replace(/[*?]/g, DYNAMIC), glob.replace(/\[[^\]]*\]/g, '?'));
}

/** Whether some text is matched by both, each with `*` and `?`; one table, so that no pattern is slow. */
function intersect(one: string, other: string): boolean {
  const reached = Array.from({ length: one.length + 1 }, () => Array.from({ length: other.length + 1 }, () => false));
  const reach = (i: number, j: number): void => {
    const row = reached[i];
    if (row && j <= other.length) row[j] = true;
  };
  reach(0, 0);
  for (let i = 0; i <= one.length; i += 1) {
    for (let j = 0; j <= other.length; j += 1) {
      if (!reached[i]?.[j]) continue;
      const isStar = one[i] === '*' || other[j] === '*';
      if (one[i] === '*' || (isStar && i < one.length)) reach(i + 1, j);
      if (other[j] === '*' || (isStar && j < other.length)) reach(i, j + 1);
      if (!isStar && (one[i] === other[j] || one[i] === '?' || other[j] === '?')) reach(i + 1, j + 1);
    }
  }
  return reached[one.length]?.[other.length] ?? false;
}
