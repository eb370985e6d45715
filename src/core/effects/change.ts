/**
 * A change as detectors see it: its lines before and after, and what sort of file it is.
 * Rule: reading is bounded whatever the file holds, and what was not read is reported.
 */
import { diffArrays } from 'diff';
import { digestValue } from '../digest.ts';
import type { Finding, FindingKind } from './findings.ts';
import { excerptOf } from './findings.ts';
import type { Risk } from '../risk.ts';

/** One changed path between two checkpoints. */
export interface FileChange {
  path: string;
  status: 'added' | 'modified' | 'deleted' | 'renamed' | 'mode';
  /** The earlier path of a renamed file. */
  oldPath?: string;
  /** Modes as git writes them: `100644`, `100755`, `120000`. */
  oldMode?: string;
  newMode?: string;
  /** The texts before and after; the text of a link is its target. Left out if the file does not exist or is binary. */
  oldText?: string;
  newText?: string;
  binary?: boolean;
  /** The file is larger than the limit for reading: there is no text, or only its start. */
  truncated?: boolean;
  /** Bytes of the file as it is now. */
  size: number;
  /** Whether the repository's attributes say that git LFS keeps the file, so that git should hold only a pointer. */
  lfs?: boolean;
  /** The blob that the file is now. It identifies the whole file when a person permits it. */
  blob?: string;
}

/** What the task may do, as it was approved. */
export interface EffectContext {
  /** Globs of paths that the task may change. */
  paths: readonly string[];
  /** Globs of protected paths that this task was permitted to change. Their changes are still shown. */
  barred?: readonly string[];
  /** Globs that policy protects, for finding other spellings of protected names. */
  protects?: readonly string[];
  /** Finds an existing path with the same name as a new path, apart from case or Unicode form. */
  findTwin?: (path: string) => string | undefined;
  /** Title, instructions and goal of the task. What they name was asked for. */
  task: string;
  /** Whether git ignores a path, so that no review sees it. */
  isIgnored?: (path: string) => boolean;
}

export interface DiffLine {
  /** From 1: in the new file for an added line, in the old file for a removed one. */
  number: number;
  text: string;
}

/** Removed lines, and the added lines that stand in their place. */
export interface DiffHunk {
  removed: DiffLine[];
  added: DiffLine[];
}

export interface Look {
  change: FileChange;
  hunks: DiffHunk[];
  added: DiffLine[];
  removed: DiffLine[];
  /** Tests, text for people, data, or other code. */
  sort: 'test' | 'words' | 'data' | 'code';
}

/** What the detectors of one file need to know about all changes of the act. */
export interface Around {
  /** Trimmed lines of all changed files, before and after. */
  before: Set<string>;
  after: Set<string>;
  /** Paths that changed. */
  paths: Set<string>;
  /** Names of the tests that exist now, names of capabilities that code lost, and whether a manifest changed. */
  tests: Set<string>;
  lost: Set<string>;
  hasManifest: boolean;
}

/** The changes of an act, with what their detectors need to know about the whole. */
export interface Effects {
  looks: Look[];
  context: EffectContext;
  around: Around;
}

/** Most edits of a line diff; beyond that all lines count as replaced. Refactors of one file stay far below. */
const MAX_EDITS = 2000;
/** A longer line is cut into pieces of this many characters, which overlap. */
const MAX_PIECE = 2000;
const OVERLAP = 200;
/** Shorter lines occur everywhere, so they don't count as moved. In characters. */
const MIN_MOVED = 12;

const TEST_PATH =
  /(^|\/)(tests?|__tests__|specs?|testing|e2e)\/|[._-](test|spec)s?\.[a-z]+$|(^|\/)test_[^/]*\.py$|_test\.(go|py|rb|exs?|dart|cc|cpp)$|Tests?\.(java|kt|cs|swift|php)$|(^|\/)conftest\.py$/;
const CODE =
  /\.(m|c)?[jt]sx?$|\.(py|rb|go|rs|java|kt|kts|cs|swift|php|c|cc|cpp|h|hpp|sh|bash|zsh|pl|lua|ex|exs|scala|dart|vue|svelte|html?|gradle|groovy)$/;
const WORDS = /\.(md|mdx|markdown|rst|txt|adoc)$|(^|\/)(LICENSE|NOTICE|AUTHORS|CHANGELOG|README)[^/]*$/i;

export function lookAt(change: FileChange): Look {
  const hunks = isLink(change) ? [] : diffLines(change.oldText ?? '', change.newText ?? '');
  return {
    change,
    hunks,
    added: hunks.flatMap(({ added }) => added),
    removed: hunks.flatMap(({ removed }) => removed),
    sort: sortOf(change.path),
  };
}

function sortOf(path: string): Look['sort'] {
  if (WORDS.test(path)) return 'words';
  if (!CODE.test(path)) return 'data';
  return isTestPath(path) ? 'test' : 'code';
}

/** Whether usual test runners take this path for a test. */
export function isTestPath(path: string): boolean {
  return TEST_PATH.test(path);
}

export function isLink({ oldMode, newMode }: FileChange): boolean {
  return oldMode === '120000' || newMode === '120000';
}

/** Whether an added line was in one of the files before: it was moved or copied. */
export function wasThere({ around: { before } }: Effects, { text }: DiffLine): boolean {
  const line = text.trim();
  return line.length >= MIN_MOVED && before.has(line);
}

/** Whether a removed line is still in one of the files. */
export function isStillThere({ around: { after } }: Effects, { text }: DiffLine): boolean {
  const line = text.trim();
  return line.length >= MIN_MOVED && after.has(line);
}

function diffLines(oldText: string, newText: string): DiffHunk[] {
  if (oldText === newText) return [];
  const [before, after] = [splitLines(oldText), splitLines(newText)];
  const parts = diffArrays(before, after, { maxEditLength: MAX_EDITS });
  if (!parts) return [{ removed: number(before, 1), added: number(after, 1) }];
  const hunks: DiffHunk[] = [];
  let open: DiffHunk | undefined;
  let [oldLine, newLine] = [1, 1];
  for (const { value, added, removed } of parts) {
    if (!added && !removed) open = undefined;
    else if (!open) hunks.push((open = { removed: [], added: [] }));
    if (added) open?.added.push(...number(value, newLine));
    if (removed) open?.removed.push(...number(value, oldLine));
    if (!added) oldLine += value.length;
    if (!removed) newLine += value.length;
  }
  return hunks;
}

/** The lines of a text, long ones cut into pieces, so that no pattern is slow on them. */
export function cutLines(text = ''): string[] {
  return number(splitLines(text), 1).map((line) => line.text);
}

function splitLines(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/**
 * Numbers lines from `first` on. A long line becomes overlapping pieces: no pattern is slow on them, and a match at a
 * cut is in the overlap.
 */
function number(lines: readonly string[], first: number): DiffLine[] {
  return lines.flatMap((text, index) => {
    if (text.length <= MAX_PIECE) return [{ number: first + index, text }];
    const count = Math.ceil(text.length / (MAX_PIECE - OVERLAP));
    return Array.from({ length: count }, (_, piece) => piece * (MAX_PIECE - OVERLAP)).map((start) => ({
      number: first + index,
      text: text.slice(start, start + MAX_PIECE),
    }));
  });
}

/** Each task's text in lower case, and its words. Read once per context. */
const TASKS = new WeakMap<EffectContext, { text: string; words: ReadonlySet<string> }>();

function readTask(context: EffectContext): { text: string; words: ReadonlySet<string> } {
  let read = TASKS.get(context);
  if (!read) {
    const text = context.task.toLowerCase();
    TASKS.set(context, (read = { text, words: new Set(text.match(/[\w-]+/g)) }));
  }
  return read;
}

/** Whether the task names something as a whole word. */
export function isAskedFor(context: EffectContext, name: string): boolean {
  if (name.length < 2) return false;
  const { text, words } = readTask(context);
  const word = name.toLowerCase();
  if (/^[\w-]+$/.test(word)) return words.has(word);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!/[\w-]/.test(text[at - 1] ?? ' ') && !/[\w-]/.test(text[at + word.length] ?? ' ')) return true;
  }
  return false;
}

/** Whether the task names a file: in words, or as a path without a glob. */
export function isFileAskedFor(context: EffectContext, path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return context.paths.includes(path) || isAskedFor(context, path) || isAskedFor(context, name);
}

/** Kinds that are about the whole file. The line they show is only an example. */
const OF_FILES: readonly FindingKind[] = [
  'agent-instructions',
  'executable-configuration',
  'lockfile',
  'outside-paths',
  'protected-path',
];

/** Digests of files whose blob the caller does not know. Each is computed once. */
const BLOBS = new WeakMap<FileChange, string>();

/** Identifies the bytes of a file: its blob, or else a digest. */
export function blobOf(change: FileChange): string {
  let blob = change.blob ?? BLOBS.get(change);
  if (blob === undefined) BLOBS.set(change, (blob = digestValue([change.newMode, change.newText])));
  return blob;
}

/**
 * A finding, at a line if `place` is given; `at` is the column in the line, from 0. A removed line is shown with a
 * minus.
 */
export function findAt(
  { change }: Look,
  kind: FindingKind,
  risk: Risk,
  why: string,
  place?: { line: DiffLine; at?: number; removed?: true },
): Finding {
  const blob = blobOf(change);
  const isOfFile = !place || OF_FILES.includes(kind);
  const content = isOfFile ? blob : digestValue([place.removed === true, place.line.text]).slice(0, 16);
  const finding: Finding = { kind, path: change.path, excerpt: '', risk, why, content };
  if (!place) return finding;
  const excerpt = `${place.removed ? '-' : '+'} ${excerptOf(place.line.text, place.at)}`;
  return { ...finding, excerpt, ...(place.removed ? {} : { line: place.line.number }) };
}
