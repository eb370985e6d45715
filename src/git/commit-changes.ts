/**
 * Writes a checkpoint from a list of changes, by one `git fast-import`: its cost follows the changes, not the repository.
 * Rule: git never sees the folder that the files come from; modes and bytes are those of the list.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import type { Sha } from '../core/transcript.ts';
import { GitFailure } from './git-failure.ts';
import { runGit, streamGit } from './run-git.ts';
import type { Store } from './store.ts';

/** One difference to the base tree. `source` is the absolute path of the file, or of the symbolic link itself. */
export type Change =
  | { kind: 'write'; path: Buffer; mode: '100644' | '100755' | '120000'; source: Buffer }
  | { kind: 'delete'; path: Buffer };

/** Largest file that becomes part of a checkpoint. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;

/** Commits `baseTree` with the changes laid over it, as a child of `parent`. Moves no ref. */
export async function commitChanges(
  store: Store,
  input: { parent: Sha; baseTree: Sha; changes: readonly Change[]; message: string },
): Promise<{ commit: Sha; tree: Sha }> {
  // fast-import wants a ref to write to; this one lives for as long as the call.
  const ref = `refs/coxswain/tmp/${randomUUID()}`;
  try {
    await streamGit(store.dir, ['fast-import', '--quiet', '--done', '--date-format=now'], {
      input: script(ref, input),
    });
    const ids = await runGit(store.dir, ['rev-parse', ref, `${ref}^{tree}`]);
    const [commit, tree] = ids.trim().split('\n');
    return { commit: commit as Sha, tree: tree as Sha };
  } finally {
    await runGit(store.dir, ['update-ref', '-d', ref]).catch(() => undefined);
  }
}

async function* script(
  ref: string,
  { parent, baseTree, changes, message }: { parent: Sha; baseTree: Sha; changes: readonly Change[]; message: string },
): AsyncIterable<Buffer | string> {
  yield `commit ${ref}\ncommitter Coxswain <coxswain@localhost> now\n`;
  const bytes = Buffer.from(message);
  yield `data ${bytes.length}\n`;
  yield bytes;
  yield `\nfrom ${parent}\nM 040000 ${baseTree} ""\n`;
  for (const change of changes) {
    if (change.kind !== 'delete') continue;
    yield Buffer.concat([Buffer.from('D '), quote(change.path), Buffer.from('\n')]);
  }
  for (const change of changes) {
    if (change.kind === 'write') yield* writeFile(change);
  }
  yield '\ndone\n';
}

async function* writeFile({ path, mode, source }: Extract<Change, { kind: 'write' }>): AsyncIterable<Buffer | string> {
  yield Buffer.concat([Buffer.from(`M ${mode} inline `), quote(path), Buffer.from('\n')]);
  if (mode === '120000') {
    const target = await readlink(source, 'buffer');
    yield `data ${target.length}\n`;
    yield target;
    yield '\n';
    return;
  }
  const { size } = await lstat(source);
  if (size > MAX_FILE_BYTES) {
    throw new GitFailure(
      'failed',
      `${path.toString()} has ${size} bytes: files over 512 MiB are not kept in checkpoints. Ignore it by .gitignore or make it smaller`,
    );
  }
  yield `data ${size}\n`;
  if (size > 0) yield* createReadStream(source, { end: size - 1 }) as AsyncIterable<Buffer>;
  yield '\n';
}

/** A path as fast-import reads it: always quoted, so that no byte has a meaning. */
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
