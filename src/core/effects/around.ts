/**
 * What the judges of one file ask of all that changed beside it: gathered first, file by file, so that not all of them
 * have to be in memory when one is judged.
 * Rule: bounded; what is not remembered makes a judge say more, never less.
 */
import { listLost } from './code.ts';
import { isManifest } from './dependencies.ts';
import type { Around, FileChange } from './change.ts';
import { listTests } from './tests.ts';

/** Characters of texts whose lines are remembered, before and after each; a move within more is taken for a change. */
const MAX_REMEMBERED = 16 * 1024 * 1024;

/** Takes in one change after the other. */
export function createAround(): { around: Around; take: (change: FileChange) => void } {
  const around: Around = {
    before: new Set(),
    after: new Set(),
    paths: new Set(),
    tests: new Set(),
    lost: new Set(),
    hasManifest: false,
  };
  const left = { before: MAX_REMEMBERED, after: MAX_REMEMBERED };
  const remember = (side: 'before' | 'after', text = ''): void => {
    left[side] -= text.length;
    if (left[side] < 0) return;
    for (const line of text.split('\n')) around[side].add(line.trim());
  };
  const gather = (change: FileChange): void => {
    remember('before', change.oldText);
    remember('after', change.newText);
    around.paths.add(change.path);
    for (const name of listTests(change)) around.tests.add(name);
    for (const name of listLost(change)) around.lost.add(name);
    around.hasManifest ||= isManifest(change.path);
  };
  const take = (change: FileChange): void => {
    try {
      gather(change);
    } catch {
      // Its own judges will say what they can't look at.
    }
  };
  return { around, take };
}
