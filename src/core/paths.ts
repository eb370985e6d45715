/**
 * Which paths a task may change, and which tasks can run at the same time.
 * Rule: in doubt two lists of globs overlap: a false overlap costs time, a missed one costs a conflict. A pattern that
 * can't be read, as old runs may have, allows nothing and protects everything.
 */
import type { StepBudget } from './step-budget.ts';
import { isSpent, openBudget, take } from './step-budget.ts';
import type { Glob } from './path-patterns.ts';
import { findPatternProblem, isLiteral, matchesGlobOf, readPattern } from './path-patterns.ts';

/** Most steps for matching one path with one list. 500 usual patterns take a tenth of that. */
const MAX_PATH_STEPS = 50_000;
/** Most steps for finding out whether a task can run at the same time as all running ones. */
const MAX_OVERLAP_STEPS = 400_000;

/** Globs by the folders that they begin with, so that globs of other folders are never compared. */
interface Folder {
  folders: Map<string, Folder>;
  globs: Glob[];
}

/** A parsed list of patterns. */
interface List {
  /** Every pattern as text. The name of a folder covers everything in it. */
  names: ReadonlySet<string>;
  globs: Folder;
  hasAll: boolean;
  /** Patterns that can't be read. */
  broken: string[];
}

/** An entry lives as long as its list, which belongs to a plan or a policy. */
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

/** The node of a glob: below the folders before its first segment with a glob character. */
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

/** Whether a path matches one of the patterns. A folder's name covers everything in it. */
export function isInPaths(path: string, patterns: readonly string[]): boolean {
  return isIn(path, readList(patterns), openBudget(MAX_PATH_STEPS));
}

/** Whether one of the patterns protects a path. In doubt it does. */
export function isProtected(path: string, patterns: readonly string[]): boolean {
  const list = readList(patterns);
  const budget = openBudget(MAX_PATH_STEPS);
  return list.broken.length > 0 || isIn(path, list, budget) || isSpent(budget);
}

/** What a task may change. Of `paths`, what `barred` protects is excepted; what people `allowed` counts even then. */
interface Changeable {
  paths: readonly string[];
  barred: readonly string[];
  allowed: readonly string[];
}

/** Whether a task may change a path without asking. */
export function mayChange(path: string, { paths, barred, allowed }: Changeable): boolean {
  return isInPaths(path, allowed) || (isInPaths(path, paths) && !isProtected(path, barred));
}

/** Each pattern as a list of its own, so that each is parsed once. */
const SINGLES = new WeakMap<readonly string[], string[][]>();

/** The pattern that protects a path: one that matches it, or else one that can't be read. Undefined if none does. */
export function findProtecting(path: string, patterns: readonly string[]): string | undefined {
  if (patterns.length === 0 || !isProtected(path, patterns)) return undefined;
  let singles = SINGLES.get(patterns);
  if (!singles) SINGLES.set(patterns, (singles = patterns.map((pattern) => [pattern])));
  const plain =
    singles.find((single) => isInPaths(path, single)) ?? singles.find((single) => isProtected(path, single));
  return plain?.[0] ?? patterns[0];
}

/** The patterns that can't be read, at most three, each with the reason. Empty if all can be read. */
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

/**
 * How two lists are compared: by names without glob characters, by each glob's folders before its first glob character,
 * and by globs.
 */
interface Places {
  names: ReadonlySet<string>;
  folders: ReadonlySet<string>;
  /** Folders of globs that can't be read. In doubt these match everything in the folder. */
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

/** A budget of steps for comparing one task with all running ones. */
export function openOverlapBudget(): StepBudget {
  return openBudget(MAX_OVERLAP_STEPS);
}

/** Whether two lists of patterns could match the same path. True if the steps run out. */
export function canOverlap(a: readonly string[], b: readonly string[], budget = openOverlapBudget()): boolean {
  const [one, other] = [readPlaces(a), readPlaces(b)];
  return liesIn(one, other, budget) || liesIn(other, one, budget) || isSpent(budget);
}

/** Whether a path that `one` matches could lie in what `other` matches. */
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

/**
 * The folders before the first glob character. `whole`: the pattern has none. `@`, `!` and `+` alone are plain text.
 */
function literalPrefix(pattern: string): { prefix: string; whole: boolean } {
  const parts = trim(pattern).split('/');
  const glob = parts.findIndex((part) => /[*?[\]{}()\\]/.test(part));
  return glob < 0 ? { prefix: parts.join('/'), whole: true } : { prefix: parts.slice(0, glob).join('/'), whole: false };
}

/** At most `most` patterns that cover the paths: the paths themselves, else their top folders as globs, else `**`. */
export function summarisePaths(paths: readonly string[], most: number): string[] {
  const sorted = [...new Set(paths)].toSorted();
  if (sorted.length <= most) return sorted;
  const tops = [...new Set(sorted.map(topOf))];
  return tops.length <= most ? tops : ['**'];
}

/** The top folder as a glob, or by its name if the name itself looks like a pattern. */
function topOf(path: string): string {
  const slash = path.indexOf('/');
  const top = path.slice(0, Math.max(slash, 0));
  return slash < 0 ? path : isLiteral(top) ? `${top}/**` : top;
}
