/**
 * The offline model's shell commands, which all call `cox-codemod` from the toolbox, and the reading of their output.
 * Rule: text of a goal and names of files reach a shell only in quotes.
 */
import { isInPaths } from '../../core/paths.ts';
import type { Replacement } from './read-goal.ts';

/** Lines of one page of a list; `cox-codemod` has the same number. */
export const PAGE_LINES = 200;
/** Most characters of paths in one command, well below the tool's limit on a command. */
const MAX_PATHS_CHARACTERS = 30_000;
/** Most places that a sentence names. */
const MAX_NAMED = 8;

/** One word of a POSIX shell. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The replacement, and the paths that a person said to skip. */
export interface CodemodScope {
  replacement: Replacement;
  skips: readonly string[];
}

function codemod(
  verb: string,
  { replacement, skips }: CodemodScope,
  options: string[],
  paths: readonly string[],
): string {
  const { pattern, language } = replacement;
  const words = [
    `cox-codemod ${verb}`,
    `--pattern=${quote(pattern)}`,
    ...options,
    ...(language === undefined ? [] : [`--lang=${quote(language)}`]),
    ...skips.flatMap(expandSkip).map((glob) => `--without=${quote(glob)}`),
    ...(paths.some((path) => path.startsWith('-')) ? ['--'] : []),
    ...paths.map(quote),
  ];
  return words.join(' ');
}

/** Rewrites every match under the paths, in one pass. */
export function editCommand(scope: CodemodScope, paths: readonly string[]): string {
  return codemod('edit', scope, [`--rewrite=${quote(scope.replacement.rewrite)}`], paths);
}

/** Lists one page of the files that match. */
export function listCommand(scope: CodemodScope, paths: readonly string[], page: number): string {
  return codemod('list', scope, page === 0 ? [] : [`--page=${page}`], paths);
}

/**
 * Counts matches by folder. `split` names folders, ending in a slash, whose folders and files are counted separately;
 * those of the root always are.
 */
export function surveyCommand(scope: CodemodScope, split: readonly string[]): string {
  const options = split.map((folder) => `--split=${quote(folder)}`);
  return codemod('survey', scope, options, []);
}

/** The globs of a skip: a name with a star matches in every folder, any other path is relative to the root. */
function expandSkip(skip: string): string[] {
  const braces = /\{([^{}]*)\}/.exec(skip);
  if (braces?.[1]?.includes(',')) {
    const { index, 0: whole, 1: inner } = braces;
    const parts = inner.split(',');
    return parts.flatMap((part) => expandSkip(skip.slice(0, index) + part + skip.slice(index + whole.length)));
  }
  return [skip.includes('*') && !skip.includes('/') ? `**/${skip}` : skip.replace(/\/\*\*$/, '')];
}

/** Whether a person said to skip this file. */
export function isSkipped(file: string, skips: readonly string[]): boolean {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const everywhere = skips.filter((skip) => skip.includes('*') && !skip.includes('/'));
  return isInPaths(file, skips) || isInPaths(name, everywhere);
}

/** Whether a path has characters of a glob. */
export function isGlob(path: string): boolean {
  return /[*?[\]{}()!\\]/.test(path);
}

/** Splits a list of paths so that each part fits one command. */
export function chunkPaths(paths: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let room = 0;
  for (const path of paths) {
    const length = quote(path).length + 1;
    if (chunks.length === 0 || length > room) {
      chunks.push([]);
      room = MAX_PATHS_CHARACTERS;
    }
    chunks.at(-1)?.push(path);
    room -= length;
  }
  return chunks;
}

/** A place in the codemod's output, with its reason. */
export interface MatchPlace {
  path: string;
  line?: number;
  reason: string;
}

/** The tab-separated fields of each output line of one kind. */
export function readRows(output: string, kind: string): string[][] {
  return output
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([name]) => name === kind)
    .map(([, ...fields]) => fields);
}

/** Reads a file name as the codemod writes it: as JSON where it has odd characters. */
export function readName(field = ''): string {
  try {
    return String(JSON.parse(field));
  } catch {
    return field;
  }
}

/** The places of one kind in the output; `total` also counts places that the output does not name. */
export function readPlaces(output: string, kind: string): { places: MatchPlace[]; total: number } {
  const places = readRows(output, kind).map(([path, ...rest]): MatchPlace => {
    const [line, reason = ''] = kind === 'unread' ? [undefined, rest[0]] : [Number(rest[0]), rest[1]];
    return { path: readName(path), reason, ...(line === undefined ? {} : { line }) };
  });
  const more = Number(readRows(output, `${kind}-more`)[0]?.[0] ?? 0);
  return { places, total: Number(readRows(output, `${kind}-total`)[0]?.[0] ?? places.length + more) };
}

/** Names the first places in a sentence, and counts the rest. */
export function describePlaces({ places, total }: { places: readonly MatchPlace[]; total: number }): string {
  const named = places.slice(0, MAX_NAMED).map(({ path, line, reason }) => {
    const plain = /^[\x21-\x7e\u00a1-\ud7ff]+(?: [\x21-\x7e\u00a1-\ud7ff]+)*$/.test(path) ? path : JSON.stringify(path);
    return `${plain}${line === undefined ? '' : `:${line}`}${reason === '' ? '' : ` (${reason})`}`;
  });
  const left = total - named.length;
  return `${named.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

/** The codemod's error message; undefined where it succeeded. */
export function readFailure(end: string, output: string): string | undefined {
  const said = readRows(output, 'failed')[0]?.[0];
  if (said !== undefined) return said.replace(/[✖╰▻]\s*/g, '').trim();
  return end === 'exit status 0' ? undefined : `${end}\n${output.slice(-1500).trim()}`;
}
