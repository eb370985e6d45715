/**
 * Finds and reads the sources of a codemod: tracked files, and new files that git does not ignore.
 * Rule: no file is skipped silently: one that can't be read is reported with the reason. A written file differs from
 * the one that was read only where the code was changed.
 */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { languageOf, languageOfScript } from './codemod-languages.ts';

/** ast-grep skips larger files with many lines. */
const MAX_FILE_BYTES = 3_000_000;
const MAX_LISTING_BYTES = 1 << 30;

/** A source file: its text as a byte string of UTF-8, its encoding and byte-order mark. */
export interface Source {
  path: string;
  text: string;
  encoding: 'utf8' | 'utf16le' | 'utf16be' | 'latin1';
  /** The file's byte-order mark; empty if it has none. */
  mark: Buffer;
}

/** A part of a source in one language: the whole file, or a `<script>`. */
export interface Unit {
  source: Source;
  language: string;
  start: number;
  end: number;
}

/** Paths in `places` (all if empty), without those in `left`. Undefined stands for a name that is not UTF-8. */
export function listPaths(places: readonly string[], left: readonly string[]): (string | undefined)[] {
  const specs = [
    ...(places.length > 0 ? places : ['.']).map((place) => (place === '.' ? '.' : `:(literal)${place}`)),
    ...left.map((path) => `:(exclude,${/[*?]/.test(path) ? 'glob' : 'literal'})${path}`),
  ];
  const names = splitNames(git(['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...specs]));
  return [...new Set(names)].map((name) => {
    const path = Buffer.from(name, 'latin1').toString('utf8');
    return Buffer.from(path).toString('latin1') === name ? path : undefined;
  });
}

/** Runs git on the working directory. If that is not in a repository, a temporary empty repository is used. */
function git(words: readonly string[]): Buffer {
  const options = { maxBuffer: MAX_LISTING_BYTES, stdio: ['ignore', 'pipe', 'pipe'] as ('ignore' | 'pipe')[] };
  try {
    return execFileSync('git', ['-c', 'safe.directory=*', ...words], options);
  } catch (error) {
    if (!/not a git repository/.test(String(error))) throw error;
    const empty = mkdtempSync(join(tmpdir(), 'codemod-git-'));
    try {
      execFileSync('git', ['init', '-q', '--template=', empty], options);
      return execFileSync('git', [`--git-dir=${join(empty, '.git')}`, '--work-tree=.', ...words], options);
    } finally {
      rmSync(empty, { recursive: true, force: true });
    }
  }
}

function splitNames(listing: Buffer): string[] {
  return listing
    .toString('latin1')
    .split('\0')
    .filter((name) => name !== '' && !name.endsWith('/'));
}

/** The result of reading a file. */
export type Read =
  | { kind: 'source'; source: Source }
  /** Not a regular file, or empty: not reported. */
  | { kind: 'nothing' }
  | { kind: 'unread'; text: string; reason: string };

/** Reads a file; links are not followed. */
export function readSource(path: string): Read {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size === 0) return { kind: 'nothing' };
  const bytes = readFileSync(path);
  const source = decode(path, bytes);
  if (!source) return { kind: 'unread', text: bytes.toString('latin1'), reason: 'binary: it has NUL bytes' };
  const isExact = encode(source, source.text)?.equals(bytes) === true;
  if (!isExact) return { kind: 'unread', text: source.text, reason: `its ${source.encoding} text is broken` };
  if (bytes.length > MAX_FILE_BYTES) return { kind: 'unread', text: source.text, reason: 'larger than 3 MB' };
  return { kind: 'source', source };
}

function decode(path: string, bytes: Buffer): Source | undefined {
  const from = (encoding: Source['encoding'], mark: number, text: string): Source => {
    return { path, encoding, mark: bytes.subarray(0, mark), text: Buffer.from(text).toString('latin1') };
  };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return from('utf16le', 2, bytes.toString('utf16le', 2));
  if (bytes[0] === 0xfe && bytes[1] === 0xff && bytes.length % 2 === 0)
    return from('utf16be', 2, Buffer.from(bytes.subarray(2)).swap16().toString('utf16le'));
  if (bytes.subarray(0, 8000).includes(0)) return undefined;
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const text = bytes.toString('utf8', mark);
  if (Buffer.from(text).equals(bytes.subarray(mark))) return from('utf8', mark, text);
  return from('latin1', 0, bytes.toString('latin1'));
}

/** The file's bytes for a text; undefined if the file's encoding lacks one of its characters. */
export function encode({ encoding, mark }: Source, text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'latin1');
  if (encoding === 'utf8') return Buffer.concat([mark, bytes]);
  const letters = bytes.toString('utf8');
  if (encoding === 'latin1') {
    const single = Buffer.from(letters, 'latin1');
    return single.toString('latin1') === letters ? single : undefined;
  }
  const pairs = Buffer.from(letters, 'utf16le');
  return Buffer.concat([mark, encoding === 'utf16be' ? pairs.swap16() : pairs]);
}

export function writeSource({ path }: Source, bytes: Buffer): void {
  writeFileSync(path, bytes);
}

const SCRIPT = /<!--[^]*?-->|<script\b((?:"[^"]*"|'[^']*'|[^>"'])*)>([^]*?)<\/script\s*>/gi;

/** The parts of a source that may contain code, each with its language. */
export function splitUnits(source: Source): Unit[] {
  const { path, text } = source;
  if (!/\.(?:vue|svelte|html?)$/i.test(path)) {
    const language = languageOf(path, text.slice(0, 200));
    return language === undefined ? [] : [{ source, language, start: 0, end: text.length }];
  }
  const scripts = [...text.matchAll(SCRIPT)].flatMap((found): Unit[] => {
    const [whole, attributes, code] = found;
    const language = attributes === undefined ? undefined : languageOfScript(attributes);
    if (language === undefined || code === undefined) return [];
    const start = found.index + whole.indexOf('>', '<script'.length + (attributes?.length ?? 0)) + 1;
    return [{ source, language, start, end: start + code.length }];
  });
  const isHtml = /\.html?$/i.test(path);
  return isHtml ? [{ source, language: 'html', start: 0, end: text.length }, ...scripts] : scripts;
}
