/**
 * Which paths a task may change, and which tasks can run beside each other.
 * Rule: when in doubt two sets of globs overlap, since a false overlap costs time and a missed one costs a conflict.
 */
import picomatch from 'picomatch/posix.js';

/** Whether a path is one of the patterns, literally or as a glob; a folder's own name covers what is in it. */
export function isInPaths(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const plain = pattern.replace(/^\.\//, '').replace(/\/+$/, '');
    if (plain === '.' || plain === '' || path === plain || path.startsWith(`${plain}/`)) return true;
    return picomatch.isMatch(path, plain, { dot: true });
  });
}

/** Whether two sets of patterns could meet in one path. */
export function canOverlap(a: readonly string[], b: readonly string[]): boolean {
  return a.some((one) => b.some((other) => canMeet(one, other)));
}

function canMeet(a: string, b: string): boolean {
  const one = literalPrefix(a);
  const other = literalPrefix(b);
  if (one.whole && other.whole) return isUnder(one.prefix, other.prefix) || isUnder(other.prefix, one.prefix);
  if (one.whole) return isInPaths(one.prefix, [b]) || isUnder(other.prefix, one.prefix);
  if (other.whole) return isInPaths(other.prefix, [a]) || isUnder(one.prefix, other.prefix);
  return isUnder(one.prefix, other.prefix) || isUnder(other.prefix, one.prefix);
}

/** The folders before the first glob character; `whole` where there is none. `@`, `!` and `+` mean nothing alone. */
function literalPrefix(pattern: string): { prefix: string; whole: boolean } {
  const parts = pattern.replace(/^\.\//, '').replace(/\/+$/, '').split('/');
  const glob = parts.findIndex((part) => /[*?[\]{}()\\]/.test(part));
  return glob < 0 ? { prefix: parts.join('/'), whole: true } : { prefix: parts.slice(0, glob).join('/'), whole: false };
}

function isUnder(path: string, folder: string): boolean {
  return folder === '' || folder === '.' || path === folder || path.startsWith(`${folder}/`);
}

/** At most `most` patterns that cover the paths: the paths themselves, their top folders as globs, or everything. */
export function summarisePaths(paths: readonly string[], most: number): string[] {
  const sorted = [...new Set(paths)].toSorted();
  if (sorted.length <= most) return sorted;
  const tops = [
    ...new Set(sorted.map((path) => (path.includes('/') ? `${path.slice(0, path.indexOf('/'))}/**` : path))),
  ];
  return tops.length <= most ? tops : ['**'];
}
