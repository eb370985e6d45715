/**
 * Finds what deserves a person's look in the changes between two commits. It reads the commits' own bytes in the store,
 * never a workspace.
 * Rule: time and memory are bounded, whatever an act left. Files beyond the bounds become a finding themselves.
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

/** Most files of one diff that are read; more would take a worker minutes. */
const MAX_FILES = 20_000;
/** Most bytes of one file that are read; a large lockfile fits. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Most files and bytes that are in memory together. */
const BATCH_FILES = 500;
const BATCH_BYTES = 8 * 1024 * 1024;
/** Most paths given to one git process; far below the limit of a command line. */
const MAX_ASKED = 500;
/** Most bytes of a `.gitignore` that are read. */
const MAX_IGNORE_BYTES = 64 * 1024;
/** Most matching steps on `.gitignore` patterns for one diff: about a second. */
const MAX_IGNORE_STEPS = 100_000_000;
/** A file with a NUL byte among its first bytes is binary, as in git. */
const SNIFFED_BYTES = 8000;

/** Findings as they fit into a history: the worst ones, and how many more there are. */
export interface Found {
  findings: Finding[];
  more: number;
}

type Context = Omit<EffectContext, 'isIgnored' | 'findTwin'> & { limits?: DiffLimits };

/** The worst findings in the diff of two commits. */
export async function findEffects(store: Store, from: Sha, to: Sha, context: Context): Promise<Found> {
  return clipFindings(await listEffects(store, from, to, context));
}

/**
 * The worst findings in what an act changed (`before` to `to`), without those of low risk. A file that is back to its
 * state at `from` is left out.
 */
export async function findFreshEffects(
  store: Store,
  { from, before, to }: { from: Sha; before: Sha; to: Sha },
  context: Context,
): Promise<Found> {
  return clipFindings(await listFreshEffects(store, { from, before, to }, context));
}

/** All findings of `findFreshEffects`, not only the worst. */
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

/** All findings of `findEffects`, for callers that filter them before keeping only the worst. */
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

/** Runs the detectors on each file. With several batches, texts are read twice: the first pass finds moved text. */
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
    for (const change of changes) await yieldAfter(take(change));
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
    while (!step.done) step = await yieldAfter(steps.next());
    findings.push(...step.value);
  }
  return findings;
}

/** Yields after each file, so that the worker's heartbeats, timers and other activities run. */
async function yieldAfter<T>(step: T): Promise<T> {
  await setImmediate();
  return step;
}

/** One finding for all files beyond `MAX_FILES`. A person who keeps them keeps exactly these bytes. */
function describeUnread(rest: readonly ChangedPath[]): Finding[] {
  const [first] = rest;
  if (!first) return [];
  const content = digestValue(rest.map(({ path, mode, oid }) => [path, mode, oid])).slice(0, 16);
  const why = `${rest.length} changed files are beyond the ${MAX_FILES} that are looked at; this is the first of them`;
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

/** Bytes of a blob that are read; 0 where the blob is too large. */
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

/** The blobs of a change; a submodule's commit is not a blob. */
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

/** For each new path, finds another path whose name some file systems take for the same (`README` and `readme`). */
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

/** The paths in these folders of a commit, in full; a missing folder has none. */
async function listFoldersOf(store: Store, commit: Sha, folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (let from = 0; from < folders.length; from += MAX_ASKED)
    found.push(...(await listFolderNames(store, commit, folders.slice(from, from + MAX_ASKED))));
  return found;
}

/** Reads the `.gitignore` files of the root and of all folders above the changed paths. */
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

/** Whether git ignores a path or a folder above it. Throws when the step budget is spent. */
function isPathIgnored(files: readonly IgnoreFile[], path: string, steps: StepBudget): boolean {
  const parts = Buffer.from(path, 'utf8').toString('latin1').split('/');
  const found = parts.some((_, index) => {
    take(steps, files.length);
    const at = parts.slice(0, index + 1).join('/');
    const above = files.filter(({ folder }) => at.startsWith(folder));
    // The last part may be a folder or a file: a pattern that matches either one counts.
    return isIgnored(above, at, true, steps) || (index === parts.length - 1 && isIgnored(above, at, false, steps));
  });
  if (isSpent(steps)) throw new Error('its .gitignore files have too much to match');
  return found;
}
