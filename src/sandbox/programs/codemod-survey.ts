/**
 * Searches a working directory for a pattern: with the parser, and files that the parser can't read as plain text.
 * Rule: each file is searched, or lacks one of the pattern's words, or is reported as unread if it may match.
 */
import type { Source, Unit } from './codemod-files.ts';
import { listPaths, readSource, splitUnits } from './codemod-files.ts';
import { findLanguage, isWanted } from './codemod-languages.ts';
import { SearchFailed, searchAll } from './codemod-search.ts';
import type { Match } from './rewrite-match.ts';
import { readTemplate } from './template-tokens.ts';

/** Shortest text that is searched for in unread files: shorter texts are in almost every file. */
const MIN_LITERAL = 4;

/** What to look for, and where. */
export interface Query {
  pattern: string;
  language: string | undefined;
  /** Files and folders; empty means all. */
  places: readonly string[];
  /** Paths and globs to leave out, in git's syntax. */
  left: readonly string[];
}

/** A part of a file with matches. */
export interface Hit {
  unit: Unit;
  code: string;
  matches: Match[];
}

/** A file that contains the pattern's longest text and was not, or not wholly, searched. */
export interface Unread {
  path: string;
  reason: string;
}

/** Searches all files. Hits are in the order of their paths, with the parts of one file together. */
export function survey(query: Query): { hits: Hit[]; unread: Unread[] } {
  const pattern = Buffer.from(query.pattern).toString('latin1');
  const wanted = query.language === undefined ? undefined : (findLanguage(query.language) ?? query.language);
  // An invalid pattern or language fails here, whatever files there are.
  if (wanted !== undefined) searchAll([{ language: wanted, text: '' }], query.pattern);
  const [words, literal] = [readWords(pattern), readLiteral(pattern)];
  const unread: Unread[] = [];
  const units: Unit[] = [];
  const suspect = (path: string, text: string, reason: string): void => {
    if (literal?.test(text) === true) unread.push({ path, reason });
  };
  for (const path of listPaths(query.places, query.left)) {
    if (path === undefined) {
      unread.push({ path: '(a name that is not UTF-8)', reason: 'its name is not UTF-8' });
      continue;
    }
    const read = readSource(path);
    if (read.kind === 'unread') suspect(path, read.text, read.reason);
    if (read.kind !== 'source' || !words.every((word) => word.test(read.source.text))) continue;
    const own = splitUnits(read.source).filter(({ language }) => isWanted(language, wanted));
    units.push(...own);
    suspect(path, outside(read.source, own), own.length > 0 ? 'outside of its <script>' : describeOther(wanted));
  }
  const hits = search(units, query.pattern, wanted === undefined ? suspect : undefined);
  return { hits, unread: unread.toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
}

function describeOther(wanted: string | undefined): string {
  return wanted === undefined ? 'no language that ast-grep knows by its name' : `not ${wanted} by its name`;
}

/** The text of a source outside of these parts. */
function outside({ text }: Source, units: readonly Unit[]): string {
  let rest = '';
  let from = 0;
  for (const { start, end } of units.toSorted((a, b) => a.start - b.start)) {
    rest += `${text.slice(from, Math.max(from, start))}\0`;
    from = Math.max(from, end);
  }
  return rest + text.slice(from);
}

/** Searches by language. With `suspect`, files in a language that the pattern does not fit are reported and skipped. */
function search(
  units: readonly Unit[],
  pattern: string,
  suspect: ((path: string, text: string, reason: string) => void) | undefined,
): Hit[] {
  const codes = units.map((unit) => ({
    unit,
    language: unit.language,
    text: unit.source.text.slice(unit.start, unit.end),
  }));
  const hits = [...new Set(codes.map(({ language }) => language))].flatMap((language) => {
    const own = codes.filter((code) => code.language === language);
    try {
      const found = searchAll(own, pattern);
      return own.map(({ unit, text }, index): Hit => ({ unit, code: text, matches: found[index] ?? [] }));
    } catch (error) {
      if (!(error instanceof SearchFailed) || !suspect) throw error;
      for (const { unit, text } of own) suspect(unit.source.path, text, `the pattern is no ${language}`);
      return [];
    }
  });
  const order = new Map(units.map((unit, index) => [unit, index]));
  return hits
    .filter(({ matches }) => matches.length > 0)
    .toSorted((a, b) => (order.get(a.unit) ?? 0) - (order.get(b.unit) ?? 0));
}

/** Words that every match contains, in any case: some languages allow keywords in capitals. */
function readWords(pattern: string): RegExp[] {
  return readTemplate(pattern)
    .filter(({ kind, text }) => kind === 'text' && /^[A-Za-z_][\w]+$/.test(text))
    .map(({ text }) => new RegExp(text, 'i'));
}

/** The pattern's longest text between metavariables, with any white space in it. */
function readLiteral(pattern: string): RegExp | undefined {
  const runs: string[][] = [[]];
  for (const { kind, text } of readTemplate(pattern)) {
    if (kind === 'text') runs.at(-1)?.push(text);
    else runs.push([]);
  }
  const longest = runs.reduce((one, other) => (other.join('').length > one.join('').length ? other : one));
  if (longest.join('').length < MIN_LITERAL) return undefined;
  return new RegExp(longest.map((text) => text.replace(/[^\w\x80-\xff]/g, '\\$&')).join('\\s*'));
}
