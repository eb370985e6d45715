/**
 * Lists the paths that differ between two trees.
 * Rule: paths keep their bytes; a rename is a deletion and an addition.
 */
import type { Sha } from '../../core/transcript.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

export interface ChangedPath {
  /** The path as text; bytes that are not UTF-8 are replaced. */
  path: string;
  rawPath: Buffer;
  status: 'A' | 'M' | 'D' | 'T';
  /** Octal mode after and before; `000000` if there is no file. */
  mode: string;
  oldMode: string;
  /** Blob after and before; all zeros if there is no file. */
  oid: Sha;
  oldOid: Sha;
}

/** The paths that differ between two commits or trees. */
export async function diffTrees(store: Store, { from, to }: { from: Sha; to: Sha }): Promise<ChangedPath[]> {
  const { output } = await streamGit(store.dir, [
    'diff-tree',
    '-r',
    '-z',
    '--no-renames',
    '--raw',
    '--end-of-options',
    from,
    to,
  ]);
  return parseRaw(output);
}

/** Reads `--raw -z`: `:old new oid oid status NUL path NUL`. */
function parseRaw(output: Buffer): ChangedPath[] {
  const changed: ChangedPath[] = [];
  let at = 0;
  const next = (): Buffer => {
    const end = output.indexOf(0, at);
    const field = output.subarray(at, end);
    at = end + 1;
    return field;
  };
  while (at < output.length) {
    const [oldMode = '', mode = '', oldOid = '', oid = '', status = ''] = next().toString('latin1').slice(1).split(' ');
    const rawPath = Buffer.from(next());
    changed.push({
      path: rawPath.toString('utf8'),
      rawPath,
      status: status.charAt(0) as 'A',
      mode,
      oldMode,
      oid: oid as Sha,
      oldOid: oldOid as Sha,
    });
  }
  return changed;
}
