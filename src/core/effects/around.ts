/**
 * What the detectors of one file need to know about all other changes of the act. Gathered first, file by file, so that
 * not all files are in memory at once.
 * Rule: memory is bounded. What is not remembered makes a detector report more, never less.
 */
import { listLost } from './code.ts';
import { isManifest } from './dependencies.ts';
import type { Around, FileChange } from './change.ts';
import { listTests } from './tests.ts';

/**
 * Most characters of text whose lines are remembered, before and after each. Beyond that a moved line counts as a
 * changed one.
 */
const MAX_REMEMBERED = 16 * 1024 * 1024;

/** Gathers one change after another. */
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
      // The detectors of this file report that it can't be read.
    }
  };
  return { around, take };
}
