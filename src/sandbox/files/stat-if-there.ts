/**
 * Looks up a path that may not exist, without following a link.
 * Rule: a parent that is not a folder means "does not exist" too; Node's `throwIfNoEntry` throws ENOTDIR there.
 */
import type { Stats } from 'node:fs';
import { lstatSync } from 'node:fs';

/** The file's stats; undefined if the path does not exist. */
export function statIfThere(path: Buffer | string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}
