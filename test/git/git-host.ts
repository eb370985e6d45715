/**
 * Shared by git's tests: temporary folders, repositories with real commits, and drawings of their graphs.
 * Rule: git runs here with a fixed identity and date and without the machine's configuration.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import { openStore } from '../../src/git/store.ts';
import type { Store } from '../../src/git/store.ts';
import type { TreeChange } from '../../src/git/write/commit-checkpoint.ts';

/** A temporary folder for one test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coxswain-git-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A new store in a temporary folder, or in this one. */
export async function newStore(folder = temporaryFolder()): Promise<Store> {
  return await openStore({ dir: join(folder, 'store.git') });
}

const ENVIRONMENT = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
};

/** Runs git as a person would; returns its output as bytes. */
function gitBytes(
  folder: string,
  args: readonly string[],
  input: string | Buffer = '',
  env: Record<string, string> = {},
): Buffer {
  const environment = { ...ENVIRONMENT, ...env };
  return execFileSync('git', args, { cwd: folder, env: environment, input, stdio: 'pipe', maxBuffer: 1 << 28 });
}

/** The faults that `git fsck` finds in a repository's objects, line by line. */
export function findFaults(folder: string): string[] {
  const { stdout, stderr } = spawnSync('git', ['fsck', '--strict'], {
    cwd: folder,
    env: ENVIRONMENT,
    encoding: 'latin1',
  });
  return `${stdout}${stderr}`.split('\n').filter((line) => /^(?:error|warning) in /.test(line));
}

/** Runs git as a person would; returns its output without the last line break. */
export function git(
  folder: string,
  args: readonly string[],
  input: string | Buffer = '',
  env: Record<string, string> = {},
): string {
  return gitBytes(folder, args, input, env).toString('utf8').trimEnd();
}

/** A test's file: its text or bytes, a program, or a link. */
export type FileSpec = string | Buffer | { program: string } | { link: string };

/** Writes files below a folder, replacing what was at their paths. */
export function writeFiles(folder: string, files: Record<string, FileSpec>): void {
  for (const [path, spec] of Object.entries(files)) {
    const full = join(folder, path);
    rmSync(full, { recursive: true, force: true });
    mkdirSync(dirname(full), { recursive: true });
    if (typeof spec === 'string' || Buffer.isBuffer(spec)) writeFileSync(full, spec);
    else if ('program' in spec) writeFileSync(full, spec.program, { mode: 0o755 });
    else symlinkSync(spec.link, full);
  }
}

/** Changes that write these files, or delete a null. Names are byte strings. */
export function changesOf(files: Record<string, FileSpec | null>): TreeChange[] {
  const folder = temporaryFolder();
  return Object.entries(files).map(([name, spec], index): TreeChange => {
    const path = Buffer.from(name, 'latin1');
    if (spec === null) return { kind: 'delete', path };
    writeFiles(folder, { [`${index}`]: spec });
    const isBytes = typeof spec === 'string' || Buffer.isBuffer(spec);
    const mode = isBytes ? '100644' : 'link' in spec ? '120000' : '100755';
    return { kind: 'write', path, mode, source: Buffer.from(join(folder, `${index}`)) };
  });
}

/** A person's repository, with one commit of these files on `main`. */
export function newRepository(files: Record<string, FileSpec> = { file: 'one\n' }, folder = temporaryFolder()): string {
  const repository = join(folder, 'repository');
  git(folder, ['init', '--quiet', '--initial-branch=main', repository]);
  commitFiles(repository, files, 'base');
  return repository;
}

/** Writes and commits files in a person's repository. */
export function commitFiles(repository: string, files: Record<string, FileSpec>, message: string): Sha {
  writeFiles(repository, files);
  git(repository, ['add', '--all']);
  git(repository, ['commit', '--quiet', '--allow-empty', '-m', message]);
  return shaOf(repository, 'HEAD');
}

/** The full id that a name stands for. */
export function shaOf(repository: string, name: string): Sha {
  return git(repository, ['rev-parse', '--verify', name]) as Sha;
}

/** A commit of exactly these files in a store. Names are byte strings. */
export function addCommit(
  store: Store,
  files: Record<string, FileSpec>,
  { parents = [], message = 'base' }: { parents?: readonly Sha[]; message?: string } = {},
): Sha {
  const made = Object.entries(files).map(([path, spec]) => {
    const isBytes = typeof spec === 'string' || Buffer.isBuffer(spec);
    if (isBytes) return { path, mode: '100644', bytes: spec };
    return 'link' in spec ? { path, mode: '120000', bytes: spec.link } : { path, mode: '100755', bytes: spec.program };
  });
  const blobs = addBlobs(
    store,
    made.map(({ bytes }) => bytes),
  );
  const entries = made.map(({ path, mode }, index) => `${mode} ${blobs[index]}\t${path}\0`);
  const env = { GIT_INDEX_FILE: join(store.dir, `test-index-${randomUUID()}`) };
  git(store.dir, ['update-index', '-z', '--index-info'], Buffer.from(entries.join(''), 'latin1'), env);
  const tree = git(store.dir, ['write-tree'], '', env);
  rmSync(env.GIT_INDEX_FILE);
  return addTreeCommit(store, tree, { parents, message });
}

/** The ids of these contents, which one git writes: a program for each would take most of a test's time. */
function addBlobs(store: Store, contents: readonly (string | Buffer)[]): string[] {
  if (contents.length === 0) return [];
  const folder = join(store.dir, `test-blobs-${randomUUID()}`);
  mkdirSync(folder);
  const paths = contents.map((_, index) => join(folder, `${index}`));
  for (const [index, path] of paths.entries()) writeFileSync(path, contents[index] ?? '');
  const ids = git(store.dir, ['hash-object', '-w', '--no-filters', '--stdin-paths'], `${paths.join('\n')}\n`);
  rmSync(folder, { recursive: true });
  return ids.split('\n');
}

/** A commit of a tree that the store has. */
export function addTreeCommit(
  store: Store,
  tree: string,
  { parents = [], message = 'base' }: { parents?: readonly Sha[]; message?: string } = {},
): Sha {
  return git(store.dir, ['commit-tree', ...parents.flatMap((parent) => ['-p', parent]), '-m', message, tree]) as Sha;
}

/** The files of a commit as `mode path content`, in git's order; odd bytes as escapes, links as `-> target`. */
export function drawTree(store: Pick<Store, 'dir'>, commit: string): string[] {
  const listed = gitBytes(store.dir, ['ls-tree', '-r', '-z', '--full-tree', commit]).toString('latin1').split('\0');
  const entries = listed.filter((line) => line !== '').map((line) => line.split('\t'));
  const contents = readBlobs(
    store,
    entries.map(([head = '']) => head.split(' ')[2] ?? ''),
  );
  return entries.map(([head = '', path = ''], index) => {
    const bytes = contents[index]?.toString('latin1') ?? '';
    return `${head.split(' ')[0]} ${escape(path)} ${escape(bytes)}`;
  });
}

/** The contents of these blobs, from one git. */
function readBlobs(store: Pick<Store, 'dir'>, ids: readonly string[]): Buffer[] {
  const out = gitBytes(store.dir, ['cat-file', '--batch'], `${ids.join('\n')}\n`);
  let at = 0;
  return ids.map((id) => {
    const end = out.indexOf('\n', at);
    const [found, type, size] = out.toString('latin1', at, end).split(' ');
    if (found !== id || type !== 'blob') throw new Error(`git has no blob ${id}`);
    at = end + 1 + Number(size) + 1;
    return out.subarray(end + 1, end + 1 + Number(size));
  });
}

/** The files below a folder in the same form as `drawTree`. */
export function drawFolder(folder: string): string[] {
  const script = 'find . -mindepth 1 ! -type d -printf "%y%m %P\\0%l\\0"';
  const [...fields] = execFileSync('sh', ['-c', script], { cwd: folder }).toString('latin1').split('\0');
  const lines: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [head = '', ...rest] = (fields[at] ?? '').split(' ');
    const path = rest.join(' ');
    const isLink = head.startsWith('l');
    const mode = isLink ? '120000' : `100${head.slice(1)}`;
    const bytes = isLink ? (fields[at + 1] ?? '') : readLatin1(folder, path);
    lines.push(`${mode} ${escape(path)} ${escape(bytes)}`);
  }
  return lines.toSorted(byPath);
}

function readLatin1(folder: string, path: string): string {
  return readFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')])).toString('latin1');
}

function byPath(a: string, b: string): number {
  return a.slice(7) < b.slice(7) ? -1 : 1;
}

function escape(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[\u007f-\u00ff]/g, (character) => `\\x${character.charCodeAt(0).toString(16)}`);
}

/** The commits of these refs as git draws them, by their subjects. */
export function drawGraph(repository: string, ...refs: string[]): string[] {
  const args = [
    'log',
    '--graph',
    '--topo-order',
    '--format=%s%d',
    '--decorate=full',
    '--clear-decorations',
    ...refs,
    '--',
  ];
  return git(repository, args)
    .split('\n')
    .map((line) => line.trimEnd());
}

/** Names of all refs of a repository. */
export function refNames(repository: string): string[] {
  return git(repository, ['for-each-ref', '--format=%(refname)'])
    .split('\n')
    .filter((name) => name !== '');
}

/** Files that a killed git left in a store: temporary packs, locks, crash reports. */
export function leftOvers(store: Store): string[] {
  const all = readdirSync(store.dir, { recursive: true, encoding: 'utf8' });
  return all.filter((name) => /\.lock$|tmp_|fast_import_crash|FETCH_HEAD/.test(name));
}

/** Waits until a condition holds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (const startedAt = Date.now(); !condition(); await delay(5)) {
    if (Date.now() - startedAt > 60_000) throw new Error(`waited a minute for: ${what}`);
  }
}

/** Runs a TypeScript script in its own process, with these arguments. */
export function spawnScript(script: string, args: readonly string[]): ReturnType<typeof spawn> {
  return spawn(process.execPath, ['--input-type=module-typescript', '--eval', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
