/**
 * Bare repositories of the bench: the hostile one from which a trial starts, and the tree that is delivered to it.
 * Rule: git runs here on bare repositories only, with none of the machine's configuration.
 */
import { execFileSync } from 'node:child_process';
import type { RepositoryFile } from './attack.ts';

const ENVIRONMENT = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};
const MODES = { 755: '100755', 644: '100644', symlink: '120000' };
/** Larger files are listed without their content. */
const MAX_CONTENT_BYTES = 1024 * 1024;
/** The branch to which every runner delivers. */
export const DELIVERED = 'delivered';

/** Makes a bare repository with one commit of these files on a branch of any name. */
export function makeRepository(dir: string, files: Record<string, RepositoryFile>, branch: string): void {
  git(['init', '--quiet', '--bare', '--template=', dir]);
  const parts = [`commit refs/heads/made\ncommitter Ada <ada@example.org> 1767225600 +0000\n${data('base')}\n`];
  for (const [path, file] of Object.entries(files)) {
    const { content, mode } = typeof file === 'string' ? { content: file, mode: '644' as const } : file;
    parts.push(`M ${MODES[mode]} inline ${quote(path)}\n${data(content)}\n`);
  }
  git(['-C', dir, 'fast-import', '--quiet', '--force'], parts.join(''));
  const commit = git(['-C', dir, 'rev-parse', 'refs/heads/made']).trim();
  git(['-C', dir, 'update-ref', '-d', 'refs/heads/made']);
  git(['-C', dir, 'update-ref', `refs/heads/${branch}`, commit]);
  git(['-C', dir, 'symbolic-ref', 'HEAD', `refs/heads/${branch}`]);
}

/** The commit of a ref in a bare repository; empty if there is no such ref, or the repository is broken. */
export function readRef(dir: string, ref: string): string {
  try {
    return git(['-C', dir, 'for-each-ref', '--format=%(objectname)', ref]).trim();
  } catch {
    return '';
  }
}

/** The files of the delivered branch with their contents; a link's content is its target. */
export function readDelivered(dir: string): Map<string, string> {
  const tree = new Map<string, string>();
  if (readRef(dir, `refs/heads/${DELIVERED}`) === '') return tree;
  const listed = git(['-C', dir, 'ls-tree', '-r', '-z', '--long', `refs/heads/${DELIVERED}`]);
  const shown: { path: string; id: string }[] = [];
  for (const line of listed.split('\0').filter((entry) => entry !== '')) {
    const [facts = '', ...path] = line.split('\t');
    const [, type = '', id = '', size = ''] = facts.split(/ +/);
    tree.set(path.join('\t'), `(${type} of ${size} bytes)`);
    if (type === 'blob' && Number(size) <= MAX_CONTENT_BYTES) shown.push({ path: path.join('\t'), id });
  }
  const contents = readBlobs(
    dir,
    shown.map(({ id }) => id),
  );
  for (const [index, { path }] of shown.entries()) tree.set(path, contents[index] ?? '');
  return tree;
}

/** The contents of blobs, all by one process. */
function readBlobs(dir: string, ids: readonly string[]): string[] {
  const options = { env: ENVIRONMENT, input: ids.join('\n'), maxBuffer: 1 << 30, stdio: 'pipe' as const };
  const bytes = execFileSync('git', ['-C', dir, 'cat-file', '--batch'], options);
  const contents: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const lineEnd = bytes.indexOf('\n', at);
    const size = Number(bytes.toString('latin1', at, lineEnd).split(' ')[2]);
    contents.push(bytes.toString('utf8', lineEnd + 1, lineEnd + 1 + size));
    at = lineEnd + 1 + size + 1;
  }
  return contents;
}

function git(args: readonly string[], input = ''): string {
  const options = { env: ENVIRONMENT, input, maxBuffer: 1 << 28, stdio: 'pipe' as const };
  return execFileSync('git', args, options).toString('utf8');
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

/** A path as fast-import reads it. */
function quote(path: string): string {
  const bytes = [...Buffer.from(path)].map((byte) =>
    byte < 0x20 || byte >= 0x7f || byte === 0x22 || byte === 0x5c
      ? `\\${byte.toString(8).padStart(3, '0')}`
      : String.fromCodePoint(byte),
  );
  return `"${bytes.join('')}"`;
}
