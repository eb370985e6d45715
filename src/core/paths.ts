/**
 * Which paths a task may change, and which tasks can run beside each other.
 * Rule: when in doubt two sets of globs overlap, since a false overlap costs time and a missed one costs a conflict; a
 * pattern that can't be read, of a run from before it was refused, allows nothing and protects everything.
 */
import type { StepBudget } from './step-budget.ts';
import { isSpent, openBudget, take } from './step-budget.ts';
import type { Glob } from './path-patterns.ts';
import { findPatternProblem, isLiteral, matchesGlobOf, readPattern } from './path-patterns.ts';

/** Steps of one path with one list: 500 patterns of usual length take a tenth of it. */
const MAX_PATH_STEPS = 50_000;
/** Steps of looking whether a task can run beside all that are under way. */
const MAX_OVERLAP_STEPS = 400_000;

/** Globs by the folders that they begin with: those of other folders are never looked at. */
interface Folder {
  folders: Map<string, Folder>;
  globs: Glob[];
}

/** A list of patterns, read once. */
interface List {
  /** Every pattern as it stands: a folder's own name covers what is in it. */
  names: ReadonlySet<string>;
  globs: Folder;
  hasAll: boolean;
  /** Those that can't be read. */
  broken: string[];
}

/** Lists live as long as what they were said in: a plan, a policy. */
const LISTS = new WeakMap<readonly string[], List>();

function readList(patterns: readonly string[]): List {
  const known = LISTS.get(patterns);
  if (known) return known;
  const plain = patterns.map(trim);
  const list: List = {
    names: new Set(plain),
    globs: { folders: new Map(), globs: [] },
    hasAll: plain.some((pattern) => pattern === '.' || pattern === '' || pattern === '**'),
    broken: [],
  };
  for (const pattern of plain) {
    const read = isLiteral(pattern) ? undefined : readPattern(pattern);
    if (read?.kind === 'bad') list.broken.push(pattern);
    else for (const glob of read?.globs ?? []) folderOf(list.globs, glob).globs.push(glob);
  }
  LISTS.set(patterns, list);
  return list;
}

/** Where a glob belongs: below the folders before its first segment that may mean several. */
function folderOf(root: Folder, [first = []]: Glob): Folder {
  let at = root;
  for (const { text, chunks } of first) {
    if (chunks) break;
    let next = at.folders.get(text);
    if (!next) at.folders.set(text, (next = { folders: new Map(), globs: [] }));
    at = next;
  }
  return at;
}

function trim(pattern: string): string {
  const plain = pattern.replace(/^\.\//, '');
  let end = plain.length;
  while (plain[end - 1] === '/') end -= 1;
  return plain.slice(0, end);
}

/** Whether a path is one of the patterns, literally or as a glob; a folder's own name covers what is in it. */
export function isInPaths(path: string, patterns: readonly string[]): boolean {
  return isIn(path, readList(patterns), openBudget(MAX_PATH_STEPS));
}

/** Whether a path is protected by one of the patterns: in doubt it is. */
export function isProtected(path: string, patterns: readonly string[]): boolean {
  const list = readList(patterns);
  const budget = openBudget(MAX_PATH_STEPS);
  return list.broken.length > 0 || isIn(path, list, budget) || isSpent(budget);
}

/** Lists of one pattern each, so that each is read once. */
const SINGLES = new WeakMap<readonly string[], string[][]>();

/** The pattern that protects a path: one that means it, or else one that can't be read; undefined where none does. */
export function findProtecting(path: string, patterns: readonly string[]): string | undefined {
  if (patterns.length === 0 || !isProtected(path, patterns)) return undefined;
  let singles = SINGLES.get(patterns);
  if (!singles) SINGLES.set(patterns, (singles = patterns.map((pattern) => [pattern])));
  const plain =
    singles.find((single) => isInPaths(path, single)) ?? singles.find((single) => isProtected(path, single));
  return plain?.[0] ?? patterns[0];
}

/** What is said of patterns that can't be read, each with the reason; empty where all can. */
export function describeBroken(patterns: readonly string[]): string {
  const { broken } = readList(patterns);
  return broken
    .slice(0, 3)
    .map((pattern) => `"${pattern.slice(0, 60)}" ${findPatternProblem(pattern) ?? ''}`)
    .join('; ');
}

function isIn(path: string, { names, globs, hasAll }: List, budget: StepBudget): boolean {
  if (hasAll || hasNameOf(path, names)) return true;
  const segments = path.split('/');
  let at: Folder | undefined = globs;
  for (let depth = 0; at; depth += 1) {
    if (!take(budget, 1 + at.globs.length)) return false;
    for (const glob of at.globs) {
      if (matchesGlobOf(segments, glob, budget)) return true;
      if (isSpent(budget)) return false;
    }
    at = at.folders.get(segments[depth] ?? '');
  }
  return false;
}

/** Whether a path or a folder above it is among the names. */
function hasNameOf(path: string, names: ReadonlySet<string>): boolean {
  for (let end = path.length; end >= 0; end = end === 0 ? -1 : path.lastIndexOf('/', end - 1))
    if (names.has(path.slice(0, end))) return true;
  return false;
}

/** What two lists have to be compared by: names, each glob's folders before its first glob character, and globs. */
interface Places {
  names: ReadonlySet<string>;
  folders: ReadonlySet<string>;
  /** Folders of globs that can't be read: in doubt they mean all in them. */
  doubtful: ReadonlySet<string>;
  globs: List;
}

const PLACES = new WeakMap<readonly string[], Places>();

function readPlaces(patterns: readonly string[]): Places {
  const known = PLACES.get(patterns);
  if (known) return known;
  const read = patterns.map(literalPrefix);
  const globs = read.filter(({ whole }) => !whole);
  const folders = (of: typeof globs): Set<string> => new Set(of.map(({ prefix }) => (prefix === '.' ? '' : prefix)));
  const list = readList(patterns);
  const places: Places = {
    names: folders(read.filter(({ whole }) => whole)),
    folders: folders(globs),
    doubtful: new Set(list.broken.map((pattern) => literalPrefix(pattern).prefix)),
    globs: list,
  };
  PLACES.set(patterns, places);
  return places;
}

/** What one look for overlaps may take, with all tasks that are under way. */
export function openOverlapBudget(): StepBudget {
  return openBudget(MAX_OVERLAP_STEPS);
}

/** Whether two sets of patterns could meet in one path; they could where no steps are left to know. */
export function canOverlap(a: readonly string[], b: readonly string[], budget = openOverlapBudget()): boolean {
  const [one, other] = [readPlaces(a), readPlaces(b)];
  return liesIn(one, other, budget) || liesIn(other, one, budget) || isSpent(budget);
}

/** Whether something that the one names could lie in what the other means. */
function liesIn(one: Places, other: Places, budget: StepBudget): boolean {
  if (!take(budget, one.names.size + one.folders.size)) return true;
  for (const folder of one.folders) if (isBelow(folder, other.names) || isBelow(folder, other.folders)) return true;
  for (const name of one.names) {
    if (isBelow(name, other.names) || isBelow(name, other.doubtful) || isIn(name, other.globs, budget)) return true;
  }
  return false;
}

function isBelow(place: string, folders: ReadonlySet<string>): boolean {
  return folders.has('') || hasNameOf(place, folders);
}

/** The folders before the first glob character; `whole` where there is none. `@`, `!` and `+` mean nothing alone. */
function literalPrefix(pattern: string): { prefix: string; whole: boolean } {
  const parts = trim(pattern).split('/');
  const glob = parts.findIndex((part) => /[*?[\]{}()\\]/.test(part));
  return glob < 0 ? { prefix: parts.join('/'), whole: true } : { prefix: parts.slice(0, glob).join('/'), whole: false };
}

/** At most `most` patterns that cover the paths: the paths themselves, their top folders as globs, or everything. */
export function summarisePaths(paths: readonly string[], most: number): string[] {
  const sorted = [...new Set(paths)].toSorted();
  if (sorted.length <= most) return sorted;
  const tops = [...new Set(sorted.map(topOf))];
  return tops.length <= most ? tops : ['**'];
}

/** A folder whose name looks like a pattern is meant by its name. */
function topOf(path: string): string {
  const slash = path.indexOf('/');
  const top = path.slice(0, Math.max(slash, 0));
  return slash < 0 ? path : isLiteral(top) ? `${top}/**` : top;
}
