/**
 * What changed between commits in the hub, as findings: read from the checkpoints' own bytes, never from a workspace.
 * Rule: bounded whatever an act left behind; what was too much to look at is itself a finding that asks.
 */
import type { Finding } from '../core/findings.ts';
import { clipFindings, listFresh } from '../core/findings.ts';
import type { Change, EffectContext } from '../core/judge-effects.ts';
import { judgeEffects } from '../core/judge-effects.ts';
import type { Sha } from '../core/transcript.ts';
import type { ChangedPath } from '../git/diff-trees.ts';
import { diffTrees } from '../git/diff-trees.ts';
import { readBlobs } from '../git/read-blobs.ts';
import { readFiles, readSizes } from '../git/read-files.ts';
import type { Store } from '../git/store.ts';
import type { IgnoreFile } from '../sandbox/gitignore.ts';
import { isIgnored, parseGitignore } from '../sandbox/gitignore.ts';

/** Files of one difference that are read: more takes a worker seconds, and no person follows it file by file. */
const MAX_FILES = 1000;
/** Bytes of one file and of all together; a large lockfile fits. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_BYTES = 32 * 1024 * 1024;
/** Folders whose `.gitignore` is read, and most bytes of one. */
const MAX_FOLDERS = 200;
const MAX_IGNORE_BYTES = 64 * 1024;
/** Bytes in which a file shows whether it is text, as git looks. */
const SNIFFED_BYTES = 8000;

/** Findings as they fit into a history: the worst, and how many more there are. */
export interface Found {
  findings: Finding[];
  more: number;
}

type Context = Omit<EffectContext, 'isIgnored'>;

/** What a difference shows. */
export async function findEffects(store: Store, from: Sha, to: Sha, context: Context): Promise<Found> {
  return clipFindings(await listEffects(store, from, to, context));
}

/** What an act added to that, but for small remarks: nothing is said again of what stood there before it. */
export async function findFreshEffects(
  store: Store,
  { from, before, to }: { from: Sha; before: Sha; to: Sha },
  context: Context,
): Promise<Found> {
  const now = (await listEffects(store, from, to, context)).filter(({ risk }) => risk !== 'low');
  if (now.length === 0) return { findings: [], more: 0 };
  return clipFindings(listFresh(now, await listEffects(store, from, before, context)));
}

/** All of it: for whoever leaves out some of it before it is cut to what a history keeps. */
export async function listEffects(store: Store, from: Sha, to: Sha, context: Context): Promise<Finding[]> {
  const all = await diffTrees(store, { from, to });
  if (all.length === 0) return [];
  const changed = all.slice(0, MAX_FILES);
  const changes = await readChanges(store, changed);
  const ignore = await readIgnore(store, to, changed);
  const findings = judgeEffects(changes, { ...context, isIgnored: (path) => isPathIgnored(ignore, path) });
  const left = all[MAX_FILES];
  if (!left) return findings;
  const why = `${all.length} files changed, and only ${MAX_FILES} of them were looked at`;
  return [{ kind: 'too-large', path: left.path, excerpt: '', risk: 'high', why }, ...findings];
}

async function readChanges(store: Store, changed: readonly ChangedPath[]): Promise<Change[]> {
  const ids = [...new Set(changed.flatMap(listBlobs))];
  const sizes = await readSizes(store, ids);
  let left = MAX_BYTES;
  const read = ids.filter((id) => {
    const size = sizes.get(id) ?? 0;
    const isRead = size <= MAX_FILE_BYTES && size <= left;
    if (isRead) left -= size;
    return isRead;
  });
  const texts = new Map<Sha, string>();
  await readBlobs(store, read, async (bytes, id) => {
    if (!bytes.subarray(0, SNIFFED_BYTES).includes(0)) texts.set(id, bytes.toString('utf8'));
    await Promise.resolve();
  });
  return changed.map((path) => toChange(path, sizes, texts));
}

/** The blobs of a change; a submodule's commit is none. */
function listBlobs({ mode, oldMode, oid, oldOid }: ChangedPath): Sha[] {
  const isBlob = (of: string): boolean => of.startsWith('1') && of !== '160000';
  return [...(isBlob(mode) ? [oid] : []), ...(isBlob(oldMode) ? [oldOid] : [])];
}

function toChange(changed: ChangedPath, sizes: Map<Sha, number>, texts: Map<Sha, string>): Change {
  const { path, status, mode, oldMode, oid, oldOid } = changed;
  const [newText, oldText] = [texts.get(oid), texts.get(oldOid)];
  const isUnread = status !== 'D' && newText === undefined;
  return {
    path,
    status: status === 'A' ? 'added' : status === 'D' ? 'deleted' : oid === oldOid ? 'mode' : 'modified',
    ...(status === 'A' ? {} : { oldMode }),
    ...(status === 'D' ? {} : { newMode: mode }),
    ...(oldText === undefined ? {} : { oldText }),
    ...(newText === undefined ? {} : { newText }),
    ...(isUnread ? { binary: true } : {}),
    size: sizes.get(status === 'D' ? oldOid : oid) ?? 0,
  };
}

/** The `.gitignore` files of the root and of the folders above what changed. */
async function readIgnore(store: Store, commit: Sha, changed: readonly ChangedPath[]): Promise<IgnoreFile[]> {
  const folders = [...new Set(['', ...changed.flatMap(({ path }) => listFolders(path))])].slice(0, MAX_FOLDERS);
  const paths = folders.map((folder) => `${folder}.gitignore`);
  const files = await readFiles(store, { commit, paths, maxBytes: MAX_IGNORE_BYTES });
  return folders.flatMap((folder) => {
    const bytes = files.get(`${folder}.gitignore`);
    const latin = Buffer.from(folder, 'utf8').toString('latin1');
    return bytes ? [parseGitignore(bytes.toString('latin1'), latin)] : [];
  });
}

function listFolders(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`);
}

/** Whether git would leave a path out: itself, or a folder above it. */
function isPathIgnored(files: readonly IgnoreFile[], path: string): boolean {
  const parts = Buffer.from(path, 'utf8').toString('latin1').split('/');
  return parts.some((_, index) => {
    const at = parts.slice(0, index + 1).join('/');
    const above = files.filter(({ folder }) => at.startsWith(folder));
    // What nobody reviews may be a folder as well as a file.
    return isIgnored(above, at, true) || (index === parts.length - 1 && isIgnored(above, at, false));
  });
}
