/**
 * Looks a path up that may not be there, without following a link.
 * Rule: a parent that is no folder means "not there" too; Node's own option forgives only a missing last part.
 */
import type { Stats } from 'node:fs';
import { lstatSync } from 'node:fs';

/** What is at a path, or undefined for nothing. */
export function statIfThere(path: Buffer | string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}
