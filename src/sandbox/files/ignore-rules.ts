/**
 * The `.gitignore` files of one walk, and what else it reads that an agent can write: a size for each, steps for all.
 * Rule: what is too much ignores nothing and is told; a walk holds the worker's one thread, so its time is bounded.
 */
import { readFileSync } from 'node:fs';
import { isSpent, openBudget, take } from '../../core/step-budget.ts';
import { isIgnored, parseGitignore } from './gitignore.ts';
import type { IgnoreFile } from './gitignore.ts';

/** A larger file of settings is none that people wrote. */
const MAX_FILE_BYTES = 1024 * 1024;
/** About a second's work: a hundred thousand new files against the two hundred lines of a large project. */
const MAX_STEPS = 100_000_000;
const STEPS_OF_BYTE = 10;
/** Files that are named to the agent. */
const MAX_NAMED = 5;

export interface IgnoreRules {
  /** The bytes of a plain file of this size; undefined where that is too much. */
  read(at: Buffer, size: number): Buffer | undefined;
  /** The rules of a `.gitignore` of this size, whose path in the workspace is `path`; undefined where it has none. */
  rulesOf(at: Buffer, file: { path: string; size: number }): IgnoreFile | undefined;
  isIgnored(rules: readonly IgnoreFile[], path: string, isFolder: boolean): boolean;
  /** What was too much, in words for the agent. */
  tell(): string[];
}

export function openIgnoreRules(): IgnoreRules {
  const budget = openBudget(MAX_STEPS);
  const large: string[] = [];
  let spentAt: string | undefined;
  const unlessSpent = (path: string): void => {
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
      unlessSpent(path);
      return rules;
    },
    isIgnored: (rules, path, isFolder) => {
      const answer = isIgnored(rules, path, isFolder, budget);
      unlessSpent(path);
      return answer;
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

/** A path is bytes; whoever shows the words escapes what could act there. */
function show(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8').slice(-200);
}
