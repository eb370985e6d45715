/**
 * Removes temporary files that killed calls left in a store. Git never removes them itself.
 * Rule: only files of kinds that a single call makes, older than any call lasts; never an object or a ref.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** No call of git takes this long, so older files are leftovers. */
const LEFT_OVER_MS = 24 * 3_600_000;

/** Removes leftovers, or with `dryRun` only counts them; returns how many there were. */
export async function sweepStore(dir: string, { dryRun = false }: { dryRun?: boolean } = {}): Promise<number> {
  const places: [folder: string, name: RegExp][] = [
    [dir, /^fast_import_crash_|\.lock$/],
    [join(dir, 'objects'), /^tmp_obj(?:dir-|_)/],
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
      // A leftover that can't be removed only takes space.
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
