/**
 * Tells which stores this process reads and writes by itself.
 * Rule: a store with anything that only git understands is left to git: another hash, reftable, reflogs, grafts, a
 * shared repository, a partial clone, an included configuration.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '../store.ts';

/** Settings that change how objects or refs are kept, wherever in the file they are: better once too often. */
const ODD_SETTINGS = new RegExp(
  [
    String.raw`objectFormat(?!\s*=\s*sha1\s*$)`,
    String.raw`refStorage(?!\s*=\s*files\s*$)`,
    String.raw`logAllRefUpdates(?!\s*=\s*false\s*$)`,
    'include',
    'partialClone',
    'promisor',
    'sharedRepository',
    'worktree',
  ].join('|'),
  'im',
);
/** Files and folders that change the meaning of objects or refs, or get a line whenever a ref moves. */
const ODD_PLACES = ['logs', 'info/grafts', 'commondir', 'reftable'];
/** Stores are changed by hand, so a look a second is enough. */
const LOOK_MS = 1000;

const looks = new Map<string, { at: number; isPlain: Promise<boolean> }>();

/** Whether this process may read and write the store's objects and refs by itself. */
export async function isPlain({ dir }: Store): Promise<boolean> {
  const last = looks.get(dir);
  if (last && Math.abs(performance.now() - last.at) < LOOK_MS) return await last.isPlain;
  const look = { at: performance.now(), isPlain: lookAt(dir) };
  looks.set(dir, look);
  return await look.isPlain;
}

async function lookAt(dir: string): Promise<boolean> {
  const exists = async (name: string): Promise<boolean> =>
    await stat(join(dir, name)).then(
      () => true,
      () => false,
    );
  const [config, hasHead, ...odd] = await Promise.all([
    readFile(join(dir, 'config'), 'utf8').catch(() => undefined),
    exists('HEAD'),
    ...ODD_PLACES.map(exists),
  ]);
  return config !== undefined && hasHead && !odd.includes(true) && !ODD_SETTINGS.test(config);
}
