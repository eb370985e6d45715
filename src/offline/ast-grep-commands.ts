/**
 * The shell commands of the offline model: short, quoted, and ast-grep's own wherever possible.
 * Rule: no text of a goal or a file name ever reaches a shell unquoted.
 */
import { isInPaths } from '../core/paths.ts';
import type { Replacement } from './read-goal.ts';

/** Lines of one page of file names; with names of 200 bytes a page still fits a result. */
export const PAGE_LINES = 200;
/** Most ignored places that are listed; what a repository ignores is nearly always a handful of folders. */
const MAX_IGNORED_LINES = 600;
/** Most places that are left out by name. */
const MAX_EXCLUDED = 300;
/** Longest list of paths in one command, well below the tool's limit on a command. */
const MAX_PATHS_CHARACTERS = 30_000;
/** Folders that may lie everywhere in a repository and are never sources: one glob for all of them. */
const EVERYWHERE = ['node_modules/', '__pycache__/'];

/** One word of a POSIX shell. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** What a command works on: the replacement, and the globs that are left out. */
export interface Scope {
  replacement: Replacement;
  excluded: readonly string[];
}

/** An ast-grep command on some paths. */
function astGrep({ replacement, excluded }: Scope, options: readonly string[], paths: readonly string[]): string {
  const { pattern, language } = replacement;
  const words = [
    'ast-grep run',
    `--pattern=${quote(pattern)}`,
    ...(language === undefined ? [] : [`--lang=${quote(language)}`]),
    ...options,
    ...excluded.map((glob) => `--globs=${quote(glob)}`),
    ...paths.map((path) => quote(path.startsWith('-') ? `./${path}` : path)),
  ];
  return words.join(' ');
}

/** Rewrites every match under the paths, in one pass. */
export function editCommand(scope: Scope, paths: readonly string[]): string {
  return astGrep(scope, [`--rewrite=${quote(scope.replacement.rewrite)}`, '--update-all'], paths);
}

/** Lists one page of the files that match. */
export function listCommand(scope: Scope, paths: readonly string[], page: number): string {
  const first = page * PAGE_LINES + 1;
  const run = `{ ${astGrep(scope, ['--files-with-matches'], paths)}; echo "ast-grep ended with $?" >&2; }`;
  return `${run} | LC_ALL=C sort | sed -n '${first},${first + PAGE_LINES - 1}p'`;
}

/**
 * Counts matches by folder. `split` names folders (as JSON strings without quotes, ending in a slash) whose folders and
 * files are counted one by one; the root always is.
 */
export function surveyCommand(scope: Scope, split: readonly string[]): string {
  const run = `{ ${astGrep(scope, ['--json=stream'], ['.'])}; echo "ast-grep ended with $?"; }`;
  return `${run} | SPLIT=${quote(split.join('\n'))} awk ${quote(SURVEY)} | LC_ALL=C sort`;
}

/** Files of one folder that are named one by one; above that the folder's own files become one glob. */
const MAX_NAMED_FILES = 200;

// Each line of the stream is one match; a quote inside a JSON string is escaped, so `,"file":"` is the key itself.
const SURVEY = `
/^[{]/ {
  if (!match($0, /,"file":"([^"\\\\]|\\\\.)*"/)) next
  file = substr($0, RSTART + 9, RLENGTH - 10)
  if (match($0, /,"language":"[^"]*"/)) language[substr($0, RSTART + 13, RLENGTH - 14)]++
  if (!matches[file]++) files++
  total++
  next
}
{ print }
END {
  n = split(ENVIRON["SPLIT"], folders, "\\n")
  for (i = 1; i <= n; i++) open[folders[i]] = 1
  for (file in matches) {
    at = ""
    while (slash = index(substr(file, length(at) + 1), "/")) {
      below = substr(file, 1, length(at) + slash)
      if (!(below in open)) break
      at = below
    }
    if (slash) { count[below]++; sum[below] += matches[file] }
    else { own[at]++; ownsum[at] += matches[file]; home[file] = at }
  }
  for (folder in count) print "folder\\t" count[folder] "\\t" sum[folder] "\\t" folder
  for (at in own) if (own[at] > ${MAX_NAMED_FILES}) print "files-of\\t" own[at] "\\t" ownsum[at] "\\t" at
  for (file in home) if (own[home[file]] <= ${MAX_NAMED_FILES}) print "file\\t1\\t" matches[file] "\\t" file
  for (name in language) print "language\\t" language[name] "\\t" name
  print "total\\t" files + 0 "\\t" total + 0
}`;

/**
 * Lists what git would ignore, folders as one line. A workspace need not be a repository, and without one ast-grep
 * reads no .gitignore: an empty repository elsewhere lends its rules.
 */
export function ignoredCommand(paths: readonly string[]): string {
  const git = 'git --literal-pathspecs -c core.quotePath=false --git-dir="$d/.git" --work-tree=.';
  const list = `${git} ls-files -oi --directory --exclude-standard -- ${paths.map(quote).join(' ')}`;
  return `d=$(mktemp -d) && git init -q --template= "$d" && { ${list} | head -n ${MAX_IGNORED_LINES}; rm -rf "$d"; }`;
}

/** The globs that leave out what `ignoredCommand` listed. */
export function excludeIgnored(output: string): string[] {
  // A name in quotes is one that git had to escape: too odd to be a source folder, and harmless if it is looked at.
  const lines = output.split('\n').filter((line) => line !== '' && !/^["[]/.test(line) && !line.startsWith('fatal:'));
  const everywhere = EVERYWHERE.filter((name) => lines.some((line) => line.endsWith(`/${name}`) || line === name));
  const places = lines.filter((line) => !EVERYWHERE.some((name) => line.endsWith(`/${name}`) || line === name));
  const folders = places.filter((line) => line.endsWith('/'));
  const files = places.filter((line) => !line.endsWith('/'));
  return [
    ...everywhere.map((name) => `!${name}`),
    ...[...folders, ...files].map((place) => `!/${escapeGlob(place)}`),
  ].slice(0, MAX_EXCLUDED);
}

/** The glob that leaves out what a person said to skip: a name with a star counts everywhere, a path from the root. */
export function excludeSkip(path: string): string {
  return path.includes('*') && !path.includes('/') ? `!${path}` : `!/${path.replace(/\/\*\*$/, '')}`;
}

/** Whether a file is one that a person said to skip; files that a command names are not judged by its globs. */
export function isSkipped(file: string, skips: readonly string[]): boolean {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const everywhere = skips.filter((skip) => skip.includes('*') && !skip.includes('/'));
  return isInPaths(file, skips) || isInPaths(name, everywhere);
}

/** Whether a path could mean more than the one place that it names. */
export function isGlob(path: string): boolean {
  return /[*?[\]{}()\\]/.test(path);
}

function escapeGlob(path: string): string {
  return path.replace(/[\\[\]{}*?!]/g, '\\$&');
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
