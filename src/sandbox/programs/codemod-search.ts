/**
 * Searches code for a pattern, and counts its syntax errors, by ast-grep.
 * Rule: ast-grep reads only copies in UTF-8 under plain names, outside of the repository, so neither file names nor the
 * repository's settings change the result.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readingOf } from './codemod-languages.ts';
import type { Match } from './rewrite-match.ts';

/** Most files that one process of ast-grep reads. */
const FILES_AT_ONCE = 400;
const MAX_OUTPUT_BYTES = 1 << 30;

/** Code in a language, as a byte string. */
export interface Code {
  language: string;
  text: string;
}

/** ast-grep could not search. The message is ast-grep's own. */
export class SearchFailed extends Error {}

interface RawMatch {
  file: string;
  language: string;
  range: { byteOffset: { start: number; end: number }; start: Position };
  metaVariables?: {
    single: Record<string, { range: RawMatch['range'] }>;
    multi: Record<string, { range: RawMatch['range'] }[]>;
  };
}

/** The matches of a pattern in each code, in order; inner matches come after outer ones. */
export function searchAll(codes: readonly Code[], pattern: string): Match[][] {
  return withCopies(codes, (folder, names, language) => {
    const words = [`--pattern=${pattern}`, `--lang=${language}`, '--json=stream', ...names];
    return runAstGrep(folder, ['run', ...words]);
  }).map((found, index) => {
    const text = codes[index]?.text ?? '';
    const lineEnd = (text.match(/\r\n/g)?.length ?? 0) * 2 > (text.match(/\n/g)?.length ?? 0) ? '\r\n' : '\n';
    return found
      .map((match) => ({ ...readMatch(match), lineEnd }))
      .toSorted((a, b) => a.start - b.start || b.end - a.end);
  });
}

function readMatch({ range, metaVariables, language }: RawMatch): Omit<Match, 'lineEnd'> {
  const single = Object.entries(metaVariables?.single ?? {}).map(([name, one]) => ({
    name: `$${name}`,
    ...one.range.byteOffset,
  }));
  const multi = Object.entries(metaVariables?.multi ?? {}).flatMap(([name, nodes]) => {
    const [first, last] = [nodes[0], nodes.at(-1)];
    if (!first || !last || name === 'secondary') return [];
    return [{ name: `$$$${name}`, start: first.range.byteOffset.start, end: last.range.byteOffset.end }];
  });
  return { ...range.byteOffset, language, captures: [...single, ...multi] };
}

/** Syntax errors: how many places the parser could not read, their bytes, and how many missing tokens it added. */
export interface Errors {
  places: number;
  bytes: number;
  added: number;
}

/** The syntax errors of each code. Added tokens are counted up to `most`; each takes another scan. */
export function countErrors(codes: readonly Code[], most = 1): Errors[] {
  return scanAll(codes, []).map(({ wrong, added }, index) => {
    const code = codes[index];
    const places = added ? [added] : [];
    while (code && places.length > 0 && places.length < most) {
      const next = scanAll([code], places)[0]?.added;
      if (!next) break;
      places.push(next);
    }
    const bytes = wrong.reduce((sum, { start, end }) => sum + end - start, 0);
    return { places: wrong.length, bytes, added: places.length };
  });
}

interface Position {
  line: number;
  column: number;
}

/** The errors of each code, and the place of the first added token that is not at a known place. */
function scanAll(
  codes: readonly Code[],
  known: readonly Position[],
): { wrong: { start: number; end: number }[]; added: Position | undefined }[] {
  return withCopies(codes, (folder, names, language) => {
    const { root = '' } = readingOf(language) ?? {};
    const ranges = known.map((at) => ({ range: { start: at, end: at } }));
    // Where a token is missing, tree-sitter adds an empty one. A rule can't find it by its kind.
    const empty = { all: [{ pattern: '$$ADDED' }, { regex: '^$' }, ...ranges.map((range) => ({ not: range }))] };
    const rules = [
      { id: 'wrong', rule: { kind: 'ERROR' } },
      { id: 'added', rule: { kind: root, has: { ...empty, stopBy: 'end' } } },
    ].map((rule) => JSON.stringify({ ...rule, language, severity: 'info' }));
    return runAstGrep(folder, ['scan', `--inline-rules=${rules.join('\n---\n')}`, '--json=stream', ...names]);
  }).map((found) => ({
    wrong: found.filter(({ ruleId }) => ruleId === 'wrong').map(({ range }) => range.byteOffset),
    added: found.find(({ ruleId }) => ruleId === 'added')?.metaVariables?.single['ADDED']?.range.start,
  }));
}

type Found = RawMatch & { ruleId?: string };

/** Writes code into temporary files, grouped by language, and returns the findings in each code. */
function withCopies(
  codes: readonly Code[],
  search: (folder: string, names: string[], language: string) => Found[],
): Found[][] {
  const all: Found[][] = codes.map(() => []);
  const folder = mkdtempSync(join(tmpdir(), 'codemod-'));
  try {
    for (const language of new Set(codes.map((code) => code.language))) {
      const own = codes.flatMap((code, index) => (code.language === language ? [{ ...code, index }] : []));
      const ending = readingOf(language)?.ending ?? 'txt';
      const at = join(folder, language);
      mkdirSync(at);
      for (const { text, index } of own) writeFileSync(join(at, `${index}.${ending}`), text, 'latin1');
      for (let from = 0; from < own.length; from += FILES_AT_ONCE) {
        const names = own.slice(from, from + FILES_AT_ONCE).map(({ index }) => `${index}.${ending}`);
        for (const match of search(at, names, language)) all[Number.parseInt(match.file, 10)]?.push(match);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return all;
}

/** Runs ast-grep and reads its findings. Its exit status 1 means no findings. */
function runAstGrep(cwd: string, words: readonly string[]): Found[] {
  const own = join(dirname(fileURLToPath(import.meta.url)), 'ast-grep');
  const { status, stdout, stderr, error } = spawnSync(existsSync(own) ? own : 'ast-grep', words, {
    cwd,
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (error) throw new SearchFailed(error.message);
  if (status !== 0 && status !== 1) throw new SearchFailed(stderr.trim() || `it ended with status ${status}`);
  if (stdout === '' && /^Error/m.test(stderr)) throw new SearchFailed(stderr.trim());
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Found);
}
