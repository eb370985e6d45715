/**
 * A change as judges look at it: its lines before and after, and what sort of file it is.
 * Rule: reading is bounded whatever the file holds, and what was not read is said.
 */
import { diffArrays } from 'diff';
import { digestValue } from '../digest.ts';
import type { Finding, FindingKind } from './findings.ts';
import { excerptOf } from './findings.ts';
import type { Risk } from '../risk.ts';

/** One changed path, as two checkpoints differ in it. */
export interface FileChange {
  path: string;
  status: 'added' | 'modified' | 'deleted' | 'renamed' | 'mode';
  /** Where a renamed file was. */
  oldPath?: string;
  /** As git writes them: `100644`, `100755`, `120000`. */
  oldMode?: string;
  newMode?: string;
  /** Texts as the caller read them; a link's text is its target. Left out where there is none, or it is binary. */
  oldText?: string;
  newText?: string;
  binary?: boolean;
  /** It is larger than what is looked at of a file: there is no text, or only its start. */
  truncated?: boolean;
  /** Bytes of the file as it is now. */
  size: number;
  /** Whether the repository's attributes say that git LFS keeps the file, so that only a pointer stands here. */
  lfs?: boolean;
  /** The blob and mode that the file has now; what a person keeps of a file as a whole is known by these. */
  blob?: string;
}

/** What the task may do, as it was approved. */
export interface EffectContext {
  /** Globs that the task may change. */
  paths: readonly string[];
  /** Globs that policy protects, where a change that was allowed is to be shown all the same. */
  barred?: readonly string[];
  /** Globs that policy protects: other spellings of such names are found. */
  protects?: readonly string[];
  /** What stands beside a new path, or a folder above it, and is the same but for case or how Unicode writes it. */
  findTwin?: (path: string) => string | undefined;
  /** Title, instructions and goal of the task: what they name was asked for. */
  task: string;
  /** Whether git ignores a path, so that no review sees it. */
  isIgnored?: (path: string) => boolean;
}

export interface DiffLine {
  /** From 1; in the new file for what was added, in the old one for what was removed. */
  number: number;
  text: string;
}

/** Lines that were replaced by others. */
export interface DiffHunk {
  removed: DiffLine[];
  added: DiffLine[];
}

export interface Look {
  change: FileChange;
  hunks: DiffHunk[];
  added: DiffLine[];
  removed: DiffLine[];
  /** Whether it is code that tests, a text for people, or neither. */
  sort: 'test' | 'words' | 'data' | 'code';
}

/** What the judges of one file ask of all that changed beside it. */
export interface Around {
  /** Lines, trimmed, that were there before in any of the files; and those that are there now. */
  before: Set<string>;
  after: Set<string>;
  /** Paths that changed. */
  paths: Set<string>;
  /** Tests that are there now, by name; what code lost, by name; and whether a manifest changed. */
  tests: Set<string>;
  lost: Set<string>;
  hasManifest: boolean;
}

/** Changes of an act, with what their judges ask of the whole. */
export interface Effects {
  looks: Look[];
  context: EffectContext;
  around: Around;
}

/** Edits after which a difference is taken as "all of it": refactors of a file stay far below. */
const MAX_EDITS = 2000;
/** Characters of a line that are looked at together. */
const MAX_PIECE = 2000;
const OVERLAP = 200;
/** A line of fewer characters is found everywhere. */
const MIN_MOVED = 12;

const TEST_PATH =
  /(^|\/)(tests?|__tests__|specs?|testing|e2e)\/|[._-](test|spec)s?\.[a-z]+$|(^|\/)test_[^/]*\.py$|_test\.(go|py|rb|exs?|dart|cc|cpp)$|Tests?\.(java|kt|cs|swift|php)$|(^|\/)conftest\.py$/;
const CODE =
  /\.(m|c)?[jt]sx?$|\.(py|rb|go|rs|java|kt|kts|cs|swift|php|c|cc|cpp|h|hpp|sh|bash|zsh|pl|lua|ex|exs|scala|dart|vue|svelte|html?|gradle|groovy)$/;
const WORDS = /\.(md|mdx|markdown|rst|txt|adoc)$|(^|\/)(LICENSE|NOTICE|AUTHORS|CHANGELOG|README)[^/]*$/i;

/** Looks at one change. */
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

/** Whether a path is one of tests, as their usual runners look for them. */
export function isTestPath(path: string): boolean {
  return TEST_PATH.test(path);
}

export function isLink({ oldMode, newMode }: FileChange): boolean {
  return oldMode === '120000' || newMode === '120000';
}

/** Whether a line that was added stood in one of the files before: it was moved or copied. */
export function wasThere({ around: { before } }: Effects, { text }: DiffLine): boolean {
  const line = text.trim();
  return line.length >= MIN_MOVED && before.has(line);
}

/** Whether a line that was removed still stands in one of the files. */
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

/** A text's lines, very long ones in pieces, for patterns that are no match for them whole. */
export function cutLines(text = ''): string[] {
  return number(splitLines(text), 1).map((line) => line.text);
}

function splitLines(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** A very long line comes in pieces that overlap, so that no pattern is slow on it and none misses anything. */
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

/** What a task says, read once: in lower case, and as its words. */
const TASKS = new WeakMap<EffectContext, { text: string; words: ReadonlySet<string> }>();

function readTask(context: EffectContext): { text: string; words: ReadonlySet<string> } {
  let read = TASKS.get(context);
  if (!read) {
    const text = context.task.toLowerCase();
    TASKS.set(context, (read = { text, words: new Set(text.match(/[\w-]+/g)) }));
  }
  return read;
}

/** Whether the task names something, as a word of its own. */
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

/** Kinds that are about a file as a whole: the line that is shown is only the most telling one. */
const OF_FILES: readonly FindingKind[] = [
  'agent-instructions',
  'executable-configuration',
  'lockfile',
  'outside-paths',
  'protected-path',
];

/** Digests of files whose blob the caller does not know, each made once. */
const BLOBS = new WeakMap<FileChange, string>();

/** The bytes of a file as a digest. */
export function blobOf(change: FileChange): string {
  let blob = change.blob ?? BLOBS.get(change);
  if (blob === undefined) BLOBS.set(change, (blob = digestValue([change.newMode, change.newText])));
  return blob;
}

/** A finding at a line; `at` is where in it. Removed lines are shown with a minus. */
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
