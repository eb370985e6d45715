/**
 * `cox-codemod survey|list|edit`: counts, lists or rewrites what matches a pattern; runs inside the sandbox.
 * Rule: bytes outside of rewritten matches stay as they are, and the output names every match that is not rewritten.
 * Imports only Node's own modules and files of this folder. The output has one fact a line, with tabs between fields
 * and file names as JSON strings.
 */
import { parseArgs } from 'node:util';
import { applyAll } from './apply-rewrite.ts';
import type { Source } from './codemod-files.ts';
import { encode, writeSource } from './codemod-files.ts';
import { SearchFailed } from './codemod-search.ts';
import type { Hit, Query, Unread } from './codemod-survey.ts';
import { survey } from './codemod-survey.ts';
import { readTemplates } from './rewrite-match.ts';

/** Lines of one page of a list: with names of 200 bytes, a page still fits into one result for a model. */
const PAGE_LINES = 200;
/** Most files of one folder that are listed one by one; with more, the folder's own files become one line. */
const MAX_NAMED_FILES = 200;
/** Most places of each kind that are listed; the rest is counted. */
const MAX_NAMED = 40;

const say = (...fields: (string | number)[]): void => void process.stdout.write(`${fields.join('\t')}\n`);
const quote = (path: string): string => JSON.stringify(path);

/** Counts matches by folder. The root and the folders in `split` are split into their subfolders. */
function surveyFolders({ hits, unread }: ReturnType<typeof survey>, split: readonly string[]): void {
  const open = new Set(split);
  const folders = new Map<string, Map<string, number>>();
  const own = new Map<string, Map<string, number>>();
  const languages = new Map<string, number>();
  for (const { unit, matches } of hits) {
    const { path } = unit.source;
    const language = matches[0]?.language ?? unit.language;
    languages.set(language, (languages.get(language) ?? 0) + matches.length);
    let at = '';
    let below = nextFolder(path, at);
    while (below !== undefined && open.has(below)) below = nextFolder(path, (at = below));
    const groups = below === undefined ? own : folders;
    const files = groups.get(below ?? at) ?? new Map<string, number>();
    groups.set(below ?? at, files.set(path, (files.get(path) ?? 0) + matches.length));
  }
  const sum = (files: ReadonlyMap<string, number>): number => [...files.values()].reduce((a, b) => a + b, 0);
  for (const [folder, files] of folders) say('folder', files.size, sum(files), quote(folder));
  for (const [folder, files] of own) {
    if (files.size > MAX_NAMED_FILES) say('files-of', files.size, sum(files), quote(folder));
    else for (const [path, count] of files) say('file', 1, count, quote(path));
  }
  for (const [name, count] of languages) say('language', count, name);
  sayUnread(unread);
  sayTotal(hits);
}

/** The next folder below `at` on the way to a path, with a slash at its end. */
function nextFolder(path: string, at: string): string | undefined {
  const slash = path.indexOf('/', at.length);
  return slash < 0 ? undefined : path.slice(0, slash + 1);
}

function sayUnread(unread: readonly Unread[]): void {
  for (const { path, reason } of unread.slice(0, MAX_NAMED)) say('unread', quote(path), reason);
  if (unread.length > MAX_NAMED) say('unread-more', unread.length - MAX_NAMED);
}

function sayTotal(hits: readonly Hit[]): void {
  const files = new Set(hits.map(({ unit }) => unit.source.path));
  say(
    'total',
    files.size,
    hits.reduce((sum, { matches }) => sum + matches.length, 0),
  );
}

function listFiles({ hits, unread }: ReturnType<typeof survey>, page: number): void {
  const counts = new Map<string, number>();
  for (const { unit, matches } of hits)
    counts.set(unit.source.path, (counts.get(unit.source.path) ?? 0) + matches.length);
  const rows = [...counts].slice(page * PAGE_LINES, (page + 1) * PAGE_LINES);
  for (const [path, count] of rows) say('match', count, quote(path));
  if (page === 0) sayUnread(unread);
  sayTotal(hits);
}

/** Rewrites all matches, and prints place and reason for each that is not rewritten. */
function edit({ hits }: ReturnType<typeof survey>, pattern: string, rewrite: string): void {
  const bytes = (text: string): string => Buffer.from(text).toString('latin1');
  const codes = hits.map(({ unit, code, matches }) => ({ unit, language: unit.language, text: code, matches }));
  const applied = applyAll(codes, readTemplates(bytes(pattern), bytes(rewrite)));
  let made = 0;
  let files = 0;
  const notes: (readonly [string, string, number, string])[] = [];
  for (const source of new Set(codes.map(({ unit }) => unit.source))) {
    const own = codes.flatMap(({ unit }, index) => {
      const result = applied[index];
      return unit.source === source && result ? [{ unit, matches: codes[index]?.matches ?? [], ...result }] : [];
    });
    const lineOf = (offset: number): number => source.text.slice(0, offset).split('\n').length;
    const count = own.reduce((sum, one) => sum + one.made, 0);
    const fresh = encode(source, splice(source, own));
    if (fresh === undefined) {
      const reason = 'the encoding of the file is not known, and the rewrite is not ASCII';
      for (const { unit, matches } of own)
        for (const { start } of matches) notes.push(['refused', source.path, lineOf(unit.start + start), reason]);
      continue;
    }
    for (const { unit, refused, unnamed, hadErrors } of own) {
      for (const { start, reason } of refused) notes.push(['refused', source.path, lineOf(unit.start + start), reason]);
      for (const start of unnamed) notes.push(['unnamed', source.path, lineOf(unit.start + start), '']);
      if (hadErrors) notes.push(['errors-before', source.path, 1, '']);
    }
    if (count === 0) continue;
    writeSource(source, fresh);
    made += count;
    files += 1;
  }
  for (const kind of ['refused', 'unnamed', 'errors-before']) {
    const same = notes.filter(([name]) => name === kind);
    for (const [, path, line, reason] of same.slice(0, MAX_NAMED)) say(kind, quote(path), line, reason);
    if (same.length > 0) say(`${kind}-total`, same.length);
  }
  say('made', files, made);
}

/** The text of a source with its changed parts put in. */
function splice(source: Source, parts: readonly { unit: Hit['unit']; text: string }[]): string {
  let text = source.text;
  for (const { unit, text: fresh } of parts.toSorted((a, b) => b.unit.start - a.unit.start))
    text = text.slice(0, unit.start) + fresh + text.slice(unit.end);
  return text;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pattern: { type: 'string' },
    rewrite: { type: 'string' },
    lang: { type: 'string' },
    without: { type: 'string', multiple: true },
    split: { type: 'string', multiple: true },
    page: { type: 'string' },
  },
});
const [verb, ...places] = positionals;
const { pattern = '', rewrite, lang, without = [], split = [], page = '0' } = values;
const query: Query = { pattern, language: lang, places, left: without };
try {
  if (verb === 'survey') surveyFolders(survey(query), split);
  else if (verb === 'list') listFiles(survey(query), Number(page));
  else if (verb === 'edit' && rewrite !== undefined) edit(survey(query), pattern, rewrite);
  else throw new SearchFailed('the first word must be survey, list or edit, and edit needs --rewrite');
} catch (error) {
  if (!(error instanceof SearchFailed)) throw error;
  say('failed', error.message.replace(/\s+/g, ' '));
  process.exitCode = 2;
}
