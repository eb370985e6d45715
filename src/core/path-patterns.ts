/**
 * Globs of paths, parsed once and matched in bounded time: `*`, `?`, `[ab]`, `{a,b}` within a segment, `**` for any
 * number of segments. Names that begin with a dot are names like others.
 * Rule: no pattern is slow: matching never backtracks, and each path has a budget of steps. A pattern that can't be
 * read is reported, and so is a list that contains one.
 */
import type { StepBudget } from './step-budget.ts';
import { take } from './step-budget.ts';

/** Most patterns that the braces of one pattern may expand to. */
const MAX_ALTERNATIVES = 64;
/** Most characters of one pattern. Schemas allow no more. */
const MAX_PATTERN = 500;

/** One character of a segment: itself, any (`null`), or one of a class. */
type Unit = string | null | CharacterClass;
interface CharacterClass {
  negated: boolean;
  ranges: [string, string][];
}

/** What stands between two stars: plain text, or single units. */
type Chunk = string | Unit[];

/** One segment of a pattern. `chunks` have any text between them. */
interface Segment {
  text: string;
  /** Left out if the segment matches only its own text. */
  chunks?: Chunk[];
}

/** A pattern without braces: runs of segments, with any number of segments between two runs. */
export type Glob = Segment[][];

export type ReadPattern = { kind: 'ok'; globs: Glob[] } | { kind: 'bad'; problem: string };

/** Characters that can make a pattern match more than its own text. */
const MAGIC = /[*?[\]{}()\\!]/;
/** A segment with parentheses that is a plain name: `(group)`, `file (1).txt`, `(.)photo`. */
const NAME_WITH_PARENTHESES = /^[\w.() -]+$/;

/** Why a pattern can't be read, as the end of a sentence; undefined if it can. */
export function findPatternProblem(pattern: string): string | undefined {
  const read = readPattern(pattern);
  return read.kind === 'bad' ? read.problem : undefined;
}

/** Whether a pattern matches only its own text. */
export function isLiteral(pattern: string): boolean {
  return !MAGIC.test(pattern);
}

export function readPattern(pattern: string): ReadPattern {
  if (pattern.length > MAX_PATTERN) return bad(`is longer than ${MAX_PATTERN} characters`);
  if (pattern.startsWith('!')) return bad('is a negation: list the paths to match instead');
  const bare = pattern.replace(/\\./g, '').replace(/\[[^\]/]*\]/g, '');
  if (bare.split('/').some((part) => /[()]/.test(part) && !NAME_WITH_PARENTHESES.test(part))) {
    const what = /[?*+@!]\(/.test(bare) ? 'an extended glob' : 'parentheses';
    return bad(`has ${what}: patterns have *, ?, **, [ab] and {a,b}; write [(] for a parenthesis`);
  }
  if (pattern.includes('[:')) return bad('has a class of characters by name: write its characters, as [a-z]');
  const texts = expandBraces(pattern);
  if (typeof texts === 'string') return bad(texts);
  return { kind: 'ok', globs: texts.map(readGlob) };
}

function bad(problem: string): ReadPattern {
  return { kind: 'bad', problem };
}

/** The patterns that braces expand to, or why they can't be expanded. */
function expandBraces(pattern: string): string[] | string {
  const done: string[] = [];
  const open = [pattern];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const group = findGroup(next);
    if (!group) done.push(next);
    else {
      const [before, after] = [next.slice(0, group.start), next.slice(group.end)];
      const options = group.edges.length > 2 ? listOptions(next, group.edges) : readRange(next, group);
      if (!options)
        return `has a range of more than one character, "${next.slice(group.start, group.end)}": list its names`;
      for (const option of options) open.push(before + option + after);
    }
    if (done.length + open.length > MAX_ALTERNATIVES)
      return `has braces that mean more than ${MAX_ALTERNATIVES} patterns: list fewer`;
  }
  return done;
}

/** A group in braces. `edges` are the positions of its braces and commas. */
interface Group {
  start: number;
  end: number;
  edges: number[];
}

/** The first outermost group. Braces without a comma or range are plain text. */
function findGroup(text: string): Group | undefined {
  const opened: number[][] = [];
  let found: Group | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === '[') at = Math.max(at, endOfClass(text, at));
    else if (character === '{') opened.push([at]);
    else if (character === ',') opened.at(-1)?.push(at);
    else if (character === '}') {
      const [start, ...commas] = opened.pop() ?? [];
      if (start === undefined || (commas.length === 0 && !text.slice(start, at).includes('..'))) continue;
      if (!found || start < found.start) found = { start, end: at + 1, edges: [start, ...commas, at] };
    }
  }
  return found;
}

function listOptions(text: string, edges: readonly number[]): string[] {
  return edges.slice(1).map((edge, index) => text.slice((edges[index] ?? 0) + 1, edge));
}

/** `{a..c}` as `[a-c]`; undefined for longer ranges. */
function readRange(text: string, { start, end }: Group): string[] | undefined {
  const range = /^(?<from>\w)\.\.(?<to>\w)$/.exec(text.slice(start + 1, end - 1))?.groups;
  return range && [`[${range['from'] ?? ''}-${range['to'] ?? ''}]`];
}

/** Index of the `]` that ends the class beginning at `start`; -1 if it does not end. */
function endOfClass(text: string, start: number): number {
  let at = start + 1;
  if (text[at] === '!' || text[at] === '^') at += 1;
  if (text[at] === ']') at += 1;
  for (; at < text.length && text[at] !== '/'; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === ']') return at;
  }
  return -1;
}

function readGlob(text: string): Glob {
  const runs: Segment[][] = [[]];
  for (const part of text.split('/')) {
    if (/^\*\*+$/.test(part)) runs.push([]);
    else runs.at(-1)?.push(readSegment(part));
  }
  const [last, before] = [runs.at(-1), runs.at(-2)?.at(-1)];
  // `src/**` matches `src` too. `src/*/**` does not match a file directly in `src`.
  if (last?.length === 0 && before?.text.endsWith('*')) last.push(readSegment('*'));
  return runs;
}

function readSegment(text: string): Segment {
  if (!/[*?[\\]/.test(text)) return { text };
  const chunks: Unit[][] = [[]];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    const end = character === '[' ? endOfClass(text, at) : -1;
    if (character === '*') chunks.push([]);
    else if (character === '?') chunks.at(-1)?.push(null);
    else if (character === '\\' && at + 1 < text.length) chunks.at(-1)?.push(text[(at += 1)] ?? '');
    else if (end > at) {
      chunks.at(-1)?.push(readClass(text.slice(at + 1, end)));
      at = end;
    } else chunks.at(-1)?.push(character);
  }
  const kept = chunks.filter((chunk, index) => chunk.length > 0 || index === 0 || index === chunks.length - 1);
  return {
    text,
    chunks: kept.map((chunk) => (chunk.every((unit) => typeof unit === 'string') ? chunk.join('') : chunk)),
  };
}

function readClass(body: string): CharacterClass {
  const negated = /^[!^]/.test(body);
  const characters: string[] = [];
  const ranges: [string, string][] = [];
  for (let at = negated ? 1 : 0; at < body.length; at += 1) {
    const isRange = body[at] === '-' && characters.length > 0 && at + 1 < body.length;
    if (body[at] === '\\' && at + 1 < body.length) at += 1;
    const character = body[at] ?? '';
    if (isRange) {
      at += 1;
      ranges.push([characters.pop() ?? '', body[at] ?? '']);
    } else characters.push(character);
  }
  return { negated, ranges: [...ranges, ...characters.map((one): [string, string] => [one, one])] };
}

/** Whether a pattern matches a path, given as segments. Each run is placed as far left as it fits. */
export function matchesGlobOf(path: readonly string[], glob: Glob, budget: StepBudget): boolean {
  const [first = [], last = []] = [glob[0], glob.at(-1)];
  if (glob.length === 1) return first.length === path.length && runFits(first, path, 0, budget);
  let at = first.length;
  const end = path.length - last.length;
  if (at > end || !runFits(first, path, 0, budget) || !runFits(last, path, end, budget)) return false;
  for (let index = 1; index < glob.length - 1; index += 1) {
    const run = glob[index] ?? [];
    while (at + run.length <= end && !runFits(run, path, at, budget)) at += 1;
    at += run.length;
    if (at > end) return false;
  }
  return true;
}

function runFits(run: readonly Segment[], path: readonly string[], at: number, budget: StepBudget): boolean {
  return run.every((segment, index) => segmentMatches(segment, path[at + index] ?? '', budget));
}

function segmentMatches({ text, chunks }: Segment, name: string, budget: StepBudget): boolean {
  if (!take(budget, 1)) return false;
  // A name may look like a pattern: `[id]` is also a folder's name.
  if (text === name) return true;
  if (!chunks) return false;
  const [first = '', last = ''] = [chunks[0], chunks.at(-1)];
  if (chunks.length === 1) return first.length === name.length && startsAt(name, first, 0, budget);
  let at = first.length;
  const end = name.length - last.length;
  if (at > end || !startsAt(name, first, 0, budget) || !startsAt(name, last, end, budget)) return false;
  for (let index = 1; index < chunks.length - 1; index += 1) {
    const chunk = chunks[index] ?? '';
    at = findFrom(name, chunk, at, budget);
    if (at < 0 || at + chunk.length > end) return false;
    at += chunk.length;
  }
  return true;
}

/** The first index at which a chunk matches; negative if there is none, or if no steps are left. */
function findFrom(name: string, chunk: Chunk, from: number, budget: StepBudget): number {
  const places = name.length - from - chunk.length + 1;
  if (places <= 0 || !take(budget, 1 + ((places * chunk.length) >> 4))) return -1;
  if (typeof chunk === 'string') return name.indexOf(chunk, from);
  for (let at = from; at < from + places; at += 1) if (startsAt(name, chunk, at, budget)) return at;
  return -1;
}

/** Whether a chunk matches at an index. Takes one step, and one more for each eight characters. */
function startsAt(name: string, chunk: Chunk, at: number, budget: StepBudget): boolean {
  if (!take(budget, 1 + (chunk.length >> 3))) return false;
  if (typeof chunk === 'string') return name.startsWith(chunk, at);
  let index = 0;
  while (index < chunk.length && unitMatches(chunk[index] ?? null, name[at + index] ?? '')) index += 1;
  return index === chunk.length;
}

function unitMatches(unit: Unit, character: string): boolean {
  if (unit === null) return true;
  if (typeof unit === 'string') return unit === character;
  return unit.ranges.some(([from, to]) => from <= character && character <= to) !== unit.negated;
}
