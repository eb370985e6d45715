/**
 * Removes what killed pushes, fetches, imports, openings and swaps left in a store: git itself never does.
 * Rule: only what is of a kind that git makes for one call, and older than any call takes; never an object or a ref.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** No call of git takes as long as this, so what is older was left by a kill. */
const LEFT_OVER_MS = 24 * 3_600_000;

/** Removes them, or with `dryRun` only counts; gives how many there were. */
export async function sweepStore(dir: string, { dryRun = false }: { dryRun?: boolean } = {}): Promise<number> {
  const places: [folder: string, name: RegExp][] = [
    [dir, /^fast_import_crash_|\.lock$/],
    [join(dir, 'objects'), /^tmp_objdir-/],
    [join(dir, 'objects/pack'), /^(tmp_|\.tmp-)/],
    [join(dir, 'objects/info'), /\.lock$|^tmp_/],
    [dirname(dir), /\.new-\w{6}$/],
  ];
  let found = 0;
  for (const [folder, pattern] of places) {
    for (const name of await readdir(folder).catch(() => [])) {
      const isOurs = folder !== dirname(dir) || name.startsWith(`${basename(dir)}.new-`);
      const path = join(folder, name);
      if (!isOurs || !pattern.test(name) || !(await isLeftOver(path))) continue;
      found += 1;
      // One that can't be removed does no harm but its size.
      if (!dryRun) await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
  return found;
}

async function isLeftOver(path: string): Promise<boolean> {
  const age = await stat(path)
    .then(({ mtimeMs }) => Date.now() - mtimeMs)
    .catch(() => 0);
  return age > LEFT_OVER_MS;
}
