/**
 * Writes a checkpoint from a list of changes: here if they are few and small, as nearly always, else by one
 * `git fast-import`. Its cost grows with the changes, not with the repository.
 * Rule: git never reads the folder that the files come from; modes and bytes are those of the list; no ref is moved.
 */
import { readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import { COXSWAIN } from '../person.ts';
import { GitFailure } from '../git-failure.ts';
import { NotPlainFile, openPlainFile } from '../read-plain-file.ts';
import { formatCommit, signNow } from '../objects/commit.ts';
import type { TreeEdit } from '../objects/edit-tree.ts';
import { editTree } from '../objects/edit-tree.ts';
import { isPlain } from '../objects/plain-store.ts';
import { readHeader } from '../objects/read-object.ts';
import type { NewObject } from '../objects/write-objects.ts';
import { newObject, writeObjects } from '../objects/write-objects.ts';
import { streamGit } from '../run-git.ts';
import { isSafePath, staysInside } from '../safe-path.ts';
import type { Store } from '../store.ts';
import { noteTree, treeOf } from '../objects/tree-of.ts';

/** One change to the base tree. `source` is the absolute path of the file, or of the symbolic link itself. */
export type TreeChange =
  | { kind: 'write'; path: Buffer; mode: '100644' | '100755' | '120000'; source: Buffer }
  | { kind: 'delete'; path: Buffer };

type Write = Extract<TreeChange, { kind: 'write' }>;

/** The parts of a checkpoint: `baseTree` with the changes applied, as a child of `parent`. */
export interface CheckpointParts {
  parent: Sha;
  baseTree: Sha;
  changes: readonly TreeChange[];
  message: string;
}

/** Largest file in a checkpoint: hosts refuse larger ones, and every clone would have it for ever. */
export const MAX_FILE_BYTES = 512 * 1024 * 1024;
/** Most changes, and most bytes of files, that are written here. Fast-import writes more into one pack. */
const MAX_CHANGES_HERE = 100;
const MAX_BYTES_HERE = 4 * 1024 * 1024;
/** The ref that fast-import needs a name for. It is reset before the end, so git never writes it. */
const UNWRITTEN_REF = 'refs/coxswain/checkpoint';

/** Writes the checkpoint's commit and returns it with its tree. Moves no ref. Throws a GitFailure. */
export async function commitCheckpoint(store: Store, checkpoint: CheckpointParts): Promise<{ commit: Sha; tree: Sha }> {
  for (const { kind, path } of checkpoint.changes) {
    const isAllowed = kind === 'delete' ? staysInside(path) : isSafePath(path);
    if (!isAllowed) throw new GitFailure('failed', `${show(path)} is no path that git can store`);
  }
  return (await commitHere(store, checkpoint)) ?? (await commitByImport(store, checkpoint));
}

/** Undefined where git has to do it, or to say why it can't be done. */
async function commitHere(
  store: Store,
  { parent, baseTree, changes, message }: CheckpointParts,
): Promise<{ commit: Sha; tree: Sha } | undefined> {
  if (changes.length > MAX_CHANGES_HERE || message.includes('\0') || !(await isPlain(store))) return undefined;
  if ((await readHeader(store, parent))?.type !== 'commit') return undefined;
  try {
    const read = await readChanges(changes);
    const edited = read && (await editTree(store, baseTree, read.edits));
    if (!edited) return undefined;
    const { tree } = edited;
    const signature = signNow();
    const parts = { tree, parents: [parent], author: signature, committer: signature, message };
    const commit = newObject('commit', formatCommit(parts));
    await writeObjects(store, [...read.blobs, ...edited.objects, commit]);
    noteTree(store, { commit: commit.id, tree });
    return { commit: commit.id, tree };
  } catch (error) {
    // Fast-import has the words for a file that can't be read and for a full disk. A damaged store has its own.
    if (error instanceof GitFailure) throw error;
    return undefined;
  }
}

/** The edits of the tree, and the files' blobs; undefined if the files are too large to be held in memory. */
async function readChanges(
  changes: readonly TreeChange[],
): Promise<{ edits: TreeEdit[]; blobs: NewObject[] } | undefined> {
  const [edits, blobs]: [TreeEdit[], NewObject[]] = [[], []];
  let left = MAX_BYTES_HERE;
  for (const change of changes) {
    const path = change.path.toString('latin1');
    if (change.kind === 'delete') edits.push({ path, entry: null });
    else {
      const bytes = await readWhole(change, left);
      if (bytes === undefined) return undefined;
      left -= bytes.length;
      const blob = newObject('blob', bytes);
      blobs.push(blob);
      edits.push({ path, entry: { mode: change.mode, id: blob.id } });
    }
  }
  return { edits, blobs };
}

/** A file's bytes, or a link's target; undefined if there are more than `most`, or fewer than the file's size. */
async function readWhole({ mode, source }: Write, most: number): Promise<Buffer | undefined> {
  if (mode === '120000') return await readlink(source, 'buffer');
  const { file, size } = await openPlainFile(source, { links: 'refused' });
  try {
    if (size > most) return undefined;
    const bytes = Buffer.alloc(size);
    let length = 0;
    for (let read = -1; read !== 0 && length < size; length += read)
      ({ bytesRead: read } = await file.read(bytes, length, size - length, length));
    return length === size ? bytes : undefined;
  } finally {
    await file.close();
  }
}

async function commitByImport(store: Store, checkpoint: CheckpointParts): Promise<{ commit: Sha; tree: Sha }> {
  const args = ['fast-import', '--quiet', '--done', '--date-format=now'];
  try {
    const { output } = await streamGit(store.dir, args, { input: script(checkpoint) });
    const [, tree, commit] = /^(?:040000 tree ([0-9a-f]+)\t|missing )\n([0-9a-f]+)\n$/.exec(output.toString()) ?? [];
    if (commit === undefined) throw new Error(`git fast-import printed ${JSON.stringify(output.toString())}`);
    const made = commit as Sha;
    if (tree === undefined) return { commit: made, tree: await treeOf(store, made) };
    noteTree(store, { commit: made, tree: tree as Sha });
    return { commit: made, tree: tree as Sha };
  } catch (error) {
    await removeCrashReports(store);
    throw error;
  }
}

async function* script({ parent, baseTree, changes, message }: CheckpointParts): AsyncIterable<Buffer | string> {
  yield `commit ${UNWRITTEN_REF}\nmark :1\ncommitter ${COXSWAIN.name} <${COXSWAIN.email}> now\n`;
  const bytes = Buffer.from(message);
  yield `data ${bytes.length}\n`;
  yield bytes;
  yield `\nfrom ${parent}\nM 040000 ${baseTree} ""\n`;
  for (const { kind, path } of changes) {
    if (kind === 'delete') yield Buffer.concat([Buffer.from('D '), quote(path), Buffer.from('\n')]);
  }
  for (const change of changes) {
    if (change.kind === 'write') yield* writeFile(change);
  }
  // Asks for the tree and the commit, then resets the ref to nothing, so that git writes none.
  yield `ls ""\nget-mark :1\nreset ${UNWRITTEN_REF}\n\ndone\n`;
}

async function* writeFile({ path, mode, source }: Write): AsyncIterable<Buffer | string> {
  yield Buffer.concat([Buffer.from(`M ${mode} inline `), quote(path), Buffer.from('\n')]);
  if (mode === '120000') {
    const target = await readlink(source, 'buffer');
    yield `data ${target.length}\n`;
    yield target;
  } else {
    yield* readSource(path, source);
  }
  yield '\n';
}

/** The size and the bytes of one opened file. Follows no link and does not wait on a pipe. */
async function* readSource(path: Buffer, source: Buffer): AsyncIterable<Buffer | string> {
  const { file, size } = await openPlainFile(source, { links: 'refused' }).catch((error: unknown) => {
    if (!(error instanceof NotPlainFile)) throw error;
    throw new GitFailure('failed', `${show(path)} is not a file any more: it changed while it was read`);
  });
  try {
    if (size > MAX_FILE_BYTES) {
      throw new GitFailure(
        'failed',
        `${show(path)} has ${size} bytes, and checkpoints take files up to 512 MiB. Ignore it in .gitignore or make it smaller`,
      );
    }
    yield `data ${size}\n`;
    let left = size;
    if (size > 0) {
      for await (const chunk of file.createReadStream({ end: size - 1, autoClose: false }) as AsyncIterable<Buffer>) {
        left -= chunk.length;
        yield chunk;
      }
    }
    // Git would read the following commands as the rest of the file.
    if (left > 0) throw new GitFailure('failed', `${show(path)} became shorter while it was read`);
  } finally {
    await file.close();
  }
}

/** A path for fast-import: always quoted, so that no byte has a special meaning. */
function quote(path: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from('"')];
  for (const byte of path) {
    if (byte === 0x22 || byte === 0x5c) parts.push(Buffer.from([0x5c, byte]));
    else if (byte < 0x20 || byte >= 0x7f) parts.push(Buffer.from(`\\${byte.toString(8).padStart(3, '0')}`));
    else parts.push(Buffer.from([byte]));
  }
  parts.push(Buffer.from('"'));
  return Buffer.concat(parts);
}

function show(path: Buffer): string {
  return JSON.stringify(path.toString('utf8'));
}

/** Git writes a crash report for each failed import. They are not needed. */
async function removeCrashReports(store: Store): Promise<void> {
  for (const name of await readdir(store.dir).catch(() => [])) {
    if (name.startsWith('fast_import_crash_')) await rm(join(store.dir, name), { force: true });
  }
}
