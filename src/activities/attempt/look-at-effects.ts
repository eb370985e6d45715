/**
 * What changed between commits in the hub, as findings: read from the checkpoints' own bytes, never from a workspace.
 * Rule: bounded whatever an act left behind; what was too much to look at is itself a finding that asks.
 */
import { setImmediate } from 'node:timers/promises';
import { digestValue } from '../../core/digest.ts';
import { createAround } from '../../core/effects/around.ts';
import { foldName } from '../../core/effects/names.ts';
import type { DiffLimits } from '../../core/execution.ts';
import type { Finding } from '../../core/effects/findings.ts';
import { listFresh } from '../../core/effects/findings.ts';
import { clipFindings } from '../../core/effects/group-findings.ts';
import type { FileChange, EffectContext } from '../../core/effects/detect.ts';
import { detectInSteps, detectSize } from '../../core/effects/detect.ts';
import { isSpent, openBudget, take } from '../../core/step-budget.ts';
import type { StepBudget } from '../../core/step-budget.ts';
import type { Sha } from '../../core/transcript.ts';
import { countLines } from '../../git/read/diff-stat.ts';
import type { ChangedPath } from '../../git/read/diff-trees.ts';
import { diffTrees } from '../../git/read/diff-trees.ts';
import { findLfs } from '../../git/lfs/find-lfs.ts';
import { readBlobs } from '../../git/read/read-blobs.ts';
import { listFolderNames, readFiles, readSizes } from '../../git/read/read-files.ts';
import type { Store } from '../../git/store.ts';
import type { IgnoreFile } from '../../sandbox/files/gitignore.ts';
import { isIgnored, parseGitignore } from '../../sandbox/files/gitignore.ts';

/** Files of one difference that are read: more takes a worker minutes. */
const MAX_FILES = 20_000;
/** Bytes of one file; a large lockfile fits. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Files and bytes that are in memory together. */
const BATCH_FILES = 500;
const BATCH_BYTES = 8 * 1024 * 1024;
/** Paths that one process is asked for: far below what a command line takes. */
const MAX_ASKED = 500;
/** Bytes that are read of a `.gitignore`. */
const MAX_IGNORE_BYTES = 64 * 1024;
/** Steps of one look for what git ignores: about a second's work. */
const MAX_IGNORE_STEPS = 100_000_000;
/** Bytes in which a file shows whether it is text, as git looks. */
const SNIFFED_BYTES = 8000;

/** Findings as they fit into a history: the worst, and how many more there are. */
export interface Found {
  findings: Finding[];
  more: number;
}

type Context = Omit<EffectContext, 'isIgnored' | 'findTwin'> & { limits?: DiffLimits };

/** What a difference shows. */
export async function findEffects(store: Store, from: Sha, to: Sha, context: Context): Promise<Found> {
  return clipFindings(await listEffects(store, from, to, context));
}

/**
 * What an act left, from the difference that it made itself, but for small remarks. A file that is back as the task
 * found it is none of it.
 */
export async function findFreshEffects(
  store: Store,
  { from, before, to }: { from: Sha; before: Sha; to: Sha },
  context: Context,
): Promise<Found> {
  return clipFindings(await listFreshEffects(store, { from, before, to }, context));
}

/** All of that. */
export async function listFreshEffects(
  store: Store,
  { from, before, to }: { from: Sha; before: Sha; to: Sha },
  context: Context,
): Promise<Finding[]> {
  const standing = new Set((await diffTrees(store, { from, to })).map(({ path }) => path));
  const own = (await diffTrees(store, { from: before, to })).filter(({ path }) => standing.has(path));
  const sizes = await findSize(store, from, to, context);
  const known = sizes.length > 0 ? await findSize(store, from, before, context) : [];
  const findings = [...listFresh(sizes, known), ...(await findInChanges(store, { from: before, to }, own, context))];
  return findings.filter(({ risk }) => risk !== 'low');
}

/** All of it: for whoever leaves out some of it before it is cut to what a history keeps. */
export async function listEffects(store: Store, from: Sha, to: Sha, context: Context): Promise<Finding[]> {
  const changed = await diffTrees(store, { from, to });
  return [
    ...(await findSize(store, from, to, context)),
    ...(await findInChanges(store, { from, to }, changed, context)),
  ];
}

async function findSize(store: Store, from: Sha, to: Sha, { limits }: Context): Promise<Finding[]> {
  return limits ? detectSize(await countLines(store, { from, to }), limits) : [];
}

/** Judges file by file. Texts are read batch by batch, and twice where there are several: first for what moved. */
async function findInChanges(
  store: Store,
  { from, to }: { from: Sha; to: Sha },
  all: readonly ChangedPath[],
  context: Context,
): Promise<Finding[]> {
  const changed = all.slice(0, MAX_FILES);
  const sizes = await readSizes(store, [...new Set(changed.flatMap(listBlobs))]);
  const batches = cutBatches(changed, sizes);
  const written = changed.filter(({ status }) => status !== 'D').map(({ path }) => path);
  const [before, after] = [
    await findLfs(store, { commit: from, paths: written }),
    await findLfs(store, { commit: to, paths: written }),
  ];
  const isLfs = (path: string): boolean => before.has(path) || after.has(path);
  const { around, take } = createAround();
  let changes: FileChange[] = [];
  for (const batch of batches) {
    changes = await readChanges(store, batch, sizes, isLfs);
    for (const change of changes) await between(take(change));
  }
  const findings = describeUnread(all.slice(MAX_FILES));
  const spent = openBudget(MAX_IGNORE_STEPS);
  for (const batch of batches) {
    if (batches.length > 1) changes = await readChanges(store, batch, sizes, isLfs);
    const ignore = await readIgnore(store, { commit: to, changed: batch }, spent);
    const findTwin = await findTwins(store, { from, to }, batch);
    const asked = { ...context, findTwin, isIgnored: (path: string) => isPathIgnored(ignore, path, spent) };
    const steps = detectInSteps(changes, asked, around);
    let step = steps.next();
    while (!step.done) step = await between(steps.next());
    findings.push(...step.value);
  }
  return findings;
}

/** Lets the worker's heartbeats, timers and other activities have their turn after each file. */
async function between<T>(step: T): Promise<T> {
  await setImmediate();
  return step;
}

/** Files that nobody looked at: kept by a person, just these bytes are. */
function describeUnread(rest: readonly ChangedPath[]): Finding[] {
  const [first] = rest;
  if (!first) return [];
  const content = digestValue(rest.map(({ path, mode, oid }) => [path, mode, oid])).slice(0, 16);
  const why = `${rest.length} more files changed than the ${MAX_FILES} that are looked at; this is the first of them`;
  return [{ kind: 'unread', path: first.path, excerpt: '', risk: 'high', why, content }];
}

function cutBatches(changed: readonly ChangedPath[], sizes: ReadonlyMap<Sha, number>): ChangedPath[][] {
  const batches: ChangedPath[][] = [];
  let bytes = 0;
  for (const one of changed) {
    const size = listBlobs(one).reduce((sum, id) => sum + readable(sizes, id), 0);
    const last = batches.at(-1);
    bytes += size;
    if (last && last.length < BATCH_FILES && bytes <= BATCH_BYTES) last.push(one);
    else [bytes] = [size, batches.push([one])];
  }
  return batches;
}

/** Bytes that are read of a blob. */
function readable(sizes: ReadonlyMap<Sha, number>, id: Sha): number {
  const size = sizes.get(id) ?? 0;
  return size > MAX_FILE_BYTES ? 0 : size;
}

async function readChanges(
  store: Store,
  changed: readonly ChangedPath[],
  sizes: ReadonlyMap<Sha, number>,
  isLfs: (path: string) => boolean,
): Promise<FileChange[]> {
  const ids = [...new Set(changed.flatMap(listBlobs))].filter((id) => (sizes.get(id) ?? 0) <= MAX_FILE_BYTES);
  const texts = new Map<Sha, string>();
  await readBlobs(store, ids, async (bytes, id) => {
    if (!bytes.subarray(0, SNIFFED_BYTES).includes(0)) texts.set(id, bytes.toString('utf8'));
    await Promise.resolve();
  });
  return changed.map((one) => ({ ...toChange(one, sizes, texts), ...(isLfs(one.path) ? { lfs: true } : {}) }));
}

/** The blobs of a change; a submodule's commit is none. */
function listBlobs({ mode, oldMode, oid, oldOid }: ChangedPath): Sha[] {
  const isBlob = (of: string): boolean => of.startsWith('1') && of !== '160000';
  return [...(isBlob(mode) ? [oid] : []), ...(isBlob(oldMode) ? [oldOid] : [])];
}

function toChange(changed: ChangedPath, sizes: ReadonlyMap<Sha, number>, texts: ReadonlyMap<Sha, string>): FileChange {
  const { path, status, mode, oldMode, oid, oldOid } = changed;
  const [newText, oldText] = [texts.get(oid), texts.get(oldOid)];
  const size = sizes.get(status === 'D' ? oldOid : oid) ?? 0;
  const isUnread = status !== 'D' && newText === undefined;
  return {
    path,
    status: status === 'A' ? 'added' : status === 'D' ? 'deleted' : oid === oldOid ? 'mode' : 'modified',
    ...(status === 'A' ? {} : { oldMode }),
    ...(status === 'D' ? {} : { newMode: mode }),
    ...(oldText === undefined ? {} : { oldText }),
    ...(newText === undefined ? {} : { newText }),
    ...(isUnread ? (size > MAX_FILE_BYTES ? { truncated: true } : { binary: true }) : {}),
    size,
    blob: `${mode} ${oid}`,
  };
}

/** For new paths: what stands beside them under a name that some file systems take for the same. */
async function findTwins(
  store: Store,
  { from, to }: { from: Sha; to: Sha },
  changed: readonly ChangedPath[],
): Promise<(path: string) => string | undefined> {
  const added = changed.filter(({ status }) => status === 'A').map(({ path }) => path);
  const folders = [...new Set(added.flatMap((path) => ['', ...listFolders(path)]))];
  const old = new Set(await listFoldersOf(store, from, folders));
  const names = new Map<string, string[]>();
  for (const path of await listFoldersOf(store, to, folders)) {
    const alike = names.get(foldName(path));
    if (alike) alike.push(path);
    else names.set(foldName(path), [path]);
  }
  const findOne = (path: string): string | undefined =>
    old.has(path) ? undefined : names.get(foldName(path))?.find((other) => other !== path);
  return (path) => [...listFolders(path).map((folder) => folder.slice(0, -1)), path].map(findOne).find(Boolean);
}

/** What folders of a commit hold, as whole paths; a folder that is not there holds nothing. */
async function listFoldersOf(store: Store, commit: Sha, folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (let from = 0; from < folders.length; from += MAX_ASKED)
    found.push(...(await listFolderNames(store, commit, folders.slice(from, from + MAX_ASKED))));
  return found;
}

/** The `.gitignore` files of the root and of the folders above what changed. */
async function readIgnore(
  store: Store,
  { commit, changed }: { commit: Sha; changed: readonly ChangedPath[] },
  steps: StepBudget,
): Promise<IgnoreFile[]> {
  const folders = [...new Set(['', ...changed.flatMap(({ path }) => listFolders(path))])];
  const found: IgnoreFile[] = [];
  for (let from = 0; from < folders.length; from += MAX_ASKED) {
    const asked = folders.slice(from, from + MAX_ASKED);
    const paths = asked.map((folder) => `${folder}.gitignore`);
    const files = await readFiles(store, { commit, paths, maxBytes: MAX_IGNORE_BYTES });
    for (const folder of asked) {
      const bytes = files.get(`${folder}.gitignore`);
      const latin = Buffer.from(folder, 'utf8').toString('latin1');
      if (bytes) found.push(parseGitignore(bytes.toString('latin1'), latin, steps));
    }
  }
  return found;
}

function listFolders(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`);
}

/** Whether git would leave a path out: itself, or a folder above it. Without steps left it can't be judged. */
function isPathIgnored(files: readonly IgnoreFile[], path: string, steps: StepBudget): boolean {
  const parts = Buffer.from(path, 'utf8').toString('latin1').split('/');
  const found = parts.some((_, index) => {
    take(steps, files.length);
    const at = parts.slice(0, index + 1).join('/');
    const above = files.filter(({ folder }) => at.startsWith(folder));
    // What nobody reviews may be a folder as well as a file.
    return isIgnored(above, at, true, steps) || (index === parts.length - 1 && isIgnored(above, at, false, steps));
  });
  if (isSpent(steps)) throw new Error('its .gitignore files have too much to match');
  return found;
}
