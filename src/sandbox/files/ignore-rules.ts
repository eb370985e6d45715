/**
 * Reads the `.gitignore` files of one walk, with a size limit for each and one budget of steps for all.
 * Rule: a file over the limits ignores nothing, and the agent is told. A walk blocks the worker's one thread, and an
 * agent can write these files, so their time is bounded.
 */
import { readFileSync } from 'node:fs';
import { isSpent, openBudget, take } from '../../core/step-budget.ts';
import { isIgnored, parseGitignore } from './gitignore.ts';
import type { IgnoreFile } from './gitignore.ts';

/** People write no larger settings file. */
const MAX_FILE_BYTES = 1024 * 1024;
/** About a second of work: a hundred thousand new files matched with the two hundred lines of a large project. */
const MAX_STEPS = 100_000_000;
const STEPS_OF_BYTE = 10;
/** Most files that a note to the agent names. */
const MAX_NAMED = 5;

export interface IgnoreRules {
  /** The bytes of a file of this size; undefined if it is too large or the steps are used up. */
  read(at: Buffer, size: number): Buffer | undefined;
  /** The rules of a `.gitignore`, whose path in the workspace is `path`; undefined if it can't be read (see `read`). */
  rulesOf(at: Buffer, file: { path: string; size: number }): IgnoreFile | undefined;
  isIgnored(rules: readonly IgnoreFile[], path: string, isFolder: boolean): boolean;
  /** Notes for the agent about the files that were not followed. */
  tell(): string[];
}

export function openIgnoreRules(): IgnoreRules {
  const budget = openBudget(MAX_STEPS);
  const large: string[] = [];
  let spentAt: string | undefined;
  const noteIfSpent = (path: string): void => {
    if (isSpent(budget)) spentAt ??= path;
  };
  const read = (at: Buffer, size: number): Buffer | undefined =>
    size <= MAX_FILE_BYTES && take(budget, size * STEPS_OF_BYTE) ? readFileSync(at) : undefined;
  return {
    read,
    rulesOf: (at, { path, size }) => {
      if (size > MAX_FILE_BYTES) large.push(`${path} (${size} bytes)`);
      const folder = path.slice(0, path.lastIndexOf('/') + 1);
      const text = read(at, size)?.toString('latin1');
      const rules = text === undefined ? undefined : parseGitignore(text, folder, budget);
      noteIfSpent(path);
      return rules;
    },
    isIgnored: (rules, path, isFolder) => {
      const ignored = isIgnored(rules, path, isFolder, budget);
      noteIfSpent(path);
      return ignored;
    },
    tell: () => [
      ...(large.length > 0 ? [describeLarge(large)] : []),
      ...(spentAt === undefined
        ? []
        : [
            `the .gitignore files have too much to match: from ${show(spentAt)} on nothing was ignored. Give them fewer and simpler lines`,
          ]),
    ],
  };
}

function describeLarge(large: readonly string[]): string {
  const more = large.length > MAX_NAMED ? ` and ${large.length - MAX_NAMED} more` : '';
  const named = large.slice(0, MAX_NAMED).map(show).join(', ');
  return `a .gitignore of more than ${MAX_FILE_BYTES / 1024} KiB ignores nothing: ${named}${more}. Make it smaller`;
}

/** A path, given as bytes, for a note. Whatever displays the note escapes control characters. */
function show(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8').slice(-200);
}
