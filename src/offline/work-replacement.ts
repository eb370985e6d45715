/**
 * The worker's skill: list what matches under the task's paths, rewrite it in one pass, look again, check, finish.
 * Rule: only files of the task are touched, the result is ast-grep's own, and what it can't do it asks a person about.
 */
import { isInPaths } from '../core/paths.ts';
import type { Scope } from './ast-grep-commands.ts';
import {
  chunkPaths,
  editCommand,
  excludeIgnored,
  excludeSkip,
  isGlob,
  isSkipped,
  listCommand,
  PAGE_LINES,
} from './ast-grep-commands.ts';
import type { Prompt, Replacement } from './read-goal.ts';
import { readSkips } from './read-goal.ts';
import type { Skill } from './replay.ts';
import type { Ran, Steps } from './skill-steps.ts';
import { ask, listIgnored, run, tailOf } from './skill-steps.ts';

/** Most pages of file names; a task with more files than they hold is no task. */
const MAX_PAGES = 50;
/** Time limit of a check, in seconds: as long as the checks of a finish get by default. */
const CHECK_TIMEOUT_SECONDS = 1800;
const WAYS_OUT =
  'Once you answer, I finish with the files as they are. ' +
  'You can also take the wheel (commit a fix and resume from it), revise the plan, or stop.';

/** Works one task of a replacement. */
export function workReplacement(prompt: Prompt, replacement: Replacement): Skill {
  return function* work(told) {
    const beyond = findBeyond(prompt);
    if (beyond) return yield* giveUp(beyond, 'Nothing was changed by the offline model.');
    const roots = findRoots(prompt.paths);
    const excluded = excludeIgnored(yield* listIgnored(roots.paths));
    const skips = (): string[] => [prompt.instructions, ...told].flatMap(readSkips);
    const scope = (): Scope => ({ replacement, excluded: [...excluded, ...skips().map(excludeSkip)] });
    const isWanted = (file: string): boolean => isInPaths(file, prompt.paths) && !isSkipped(file, skips());
    const found = yield* listFiles(scope(), roots.paths);
    if (found.kind === 'failed')
      return yield* giveUp(`ast-grep failed: ${found.reason}`, 'Nothing was replaced: ast-grep failed.');
    const files = found.files.filter(isWanted);
    if (files.length === 0) return yield* finish(`Nothing to replace: no match under ${showPaths(prompt.paths)}.`);
    // Whole folders make a short command; where the paths are finer than folders, the files are named.
    const targets = roots.exact ? roots.paths.filter((path) => !isSkipped(path, skips())) : files;
    const edited = yield* edit(scope(), targets, told);
    if (edited.kind === 'failed')
      return yield* giveUp(edited.reason, 'The replacement is not complete: the edit failed.');
    const after = yield* listFiles(scope(), roots.paths);
    const left = after.kind === 'ok' ? after.files.filter(isWanted).length : 0;
    const summary = describeResult(prompt, edited.changes, files.length, left);
    return yield* confirm(prompt, summary);
  };
}

/** Work that needs a mind: conflicts, red checks of the integrated tree. Replacing once more would be wrong there. */
function findBeyond({ task, instructions }: Prompt): string | undefined {
  const isRepair = /^repair-\d+$/.test(task) && /checks are red/.test(instructions);
  const isMerge = /have conflict markers now/.test(instructions);
  const isChange = /^changes-\d+$/.test(task) && /wants changes before it is delivered/.test(instructions);
  if (!isRepair && !isMerge && !isChange) return undefined;
  const conflict = 'The work of two tasks is in conflict';
  const what = isRepair ? 'The checks are red on the integrated work' : isChange ? 'Changes are wanted' : conflict;
  return `${what}, and the offline model cannot mend that:\n${tailOf(instructions, 2500)}`;
}

/** Runs the checks once by itself, then finishes; red ones are a person's to judge, but for those red before. */
function* confirm({ checks: all, redBefore = [] }: Prompt, summary: string): Steps<never> {
  const checks = all.filter((check) => !redBefore.includes(check));
  for (const check of checks) {
    const { exitCode, end, output } = yield* run(check, CHECK_TIMEOUT_SECONDS);
    if (exitCode !== 0)
      return yield* giveUp(
        `The checks fail after the replacement: ${describeRed(check, end, output)}`,
        `${summary} The check ${check} fails (${end}).`,
      );
  }
  const green = checks.length === 0 ? '' : ` Green in my workspace: ${checks.join('; ')}.`;
  return yield* finish(`${summary}${green}`);
}

function describeRed(check: string, end: string, output: string): string {
  return `${check} → ${end}\n${tailOf(output)}`;
}

/** Asks, and finishes once answered; a finish that does not count is asked about again. */
function* giveUp(problem: string, summary: string): Steps<never> {
  yield* ask(`${problem}\n\nWhat shall I do? ${WAYS_OUT}`);
  return yield* finish(summary);
}

function* finish(summary: string): Steps<never> {
  for (;;) {
    const outcome = yield { tool: 'finish', arguments: { summary: summary.slice(0, 4000) } };
    if (outcome.kind === 'interrupted') continue;
    const text = outcome.kind === 'ran' ? outcome.output : outcome.text;
    const problem = 'My finish did not count, and replacing is all that the offline model can do.';
    yield* ask(`${problem}\n${tailOf(text, 3000)}\n\n${WAYS_OUT}`);
  }
}

type Listed = { kind: 'ok'; files: string[] } | { kind: 'failed'; reason: string };

/** Lists the files that match, page by page. */
function* listFiles(scope: Scope, paths: readonly string[]): Steps<Listed> {
  const files: string[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const ran = yield* run(listCommand(scope, paths, page));
    const status = /^ast-grep ended with (\d+)$/m.exec(ran.output)?.[1];
    // 1 is "no match".
    if (status !== '0' && status !== '1') return { kind: 'failed', reason: `${ran.end}\n${tailOf(ran.output)}` };
    if (/^\[… \d+ bytes left out …\]$/m.test(ran.output))
      return { kind: 'failed', reason: 'its list of files is too long' };
    const lines = readFiles(ran);
    files.push(...lines);
    if (lines.length < PAGE_LINES) break;
  }
  return { kind: 'ok', files };
}

/** File names among what ast-grep also says: its warnings end in a full stop or a colon's words. */
function readFiles({ output }: Ran): string[] {
  return output
    .split('\n')
    .filter(
      (line) => line !== '' && !/^(?:ast-grep ended with \d+$|Warning: |Help: |See also: |ERROR: |Error: )/.test(line),
    );
}

type Edited = { kind: 'ok'; changes: number } | { kind: 'failed'; reason: string };

/** Rewrites in one pass, as ast-grep alone would: a rewrite that matches its own pattern is not run again. */
function* edit(scope: Scope, targets: readonly string[], told: readonly string[]): Steps<Edited> {
  let changes = 0;
  for (const paths of chunkPaths(targets)) {
    const before = told.length;
    const { exitCode, end, output } = yield* run(editCommand(scope, paths));
    if (told.slice(before).some((text) => /changes were undone/.test(text))) {
      return {
        kind: 'failed',
        reason: 'My replacement was undone, since it changed files outside the paths of the task.',
      };
    }
    // 1 is "no match", for a part of the files that a person had changed meanwhile.
    if (exitCode !== 0 && exitCode !== 1)
      return { kind: 'failed', reason: `The replacement failed: ${end}\n${tailOf(output)}` };
    changes += Number(/^Applied (\d+) changes?$/m.exec(output)?.[1] ?? 0);
  }
  return { kind: 'ok', changes };
}

/** Where to look for a task's files; `exact` when these places hold nothing but the task's files. */
export function findRoots(globs: readonly string[]): { paths: string[]; exact: boolean } {
  let exact = true;
  const roots = globs.map((glob) => {
    const plain = glob
      .replace(/^\.\//, '')
      .replace(/\/+$/, '')
      .replace(/(^|\/)\*\*(?:\/\*)?$/, '');
    if (!isGlob(plain)) return plain === '' ? '.' : plain;
    exact = false;
    const parts = plain.split('/');
    const literal = parts.slice(0, parts.findIndex(isGlob));
    return literal.join('/') || '.';
  });
  const unique = [...new Set(roots)];
  if (unique.includes('.')) return { paths: ['.'], exact };
  // A place inside another one would be rewritten twice.
  return { paths: unique.filter((path) => !unique.some((other) => path.startsWith(`${other}/`))), exact };
}

function describeResult({ paths }: Prompt, changes: number, files: number, left: number): string {
  const where = `${files} ${files === 1 ? 'file' : 'files'} under ${showPaths(paths)}`;
  const done = `Replaced ${changes} ${changes === 1 ? 'match' : 'matches'} in ${where}.`;
  if (left === 0) return `${done} None is left.`;
  const still = left === 1 ? '1 file still matches' : `${left} files still match`;
  return `${done} ${still} (matches within matches, or a rewrite that fits its own pattern): one pass, like ast-grep.`;
}

function showPaths(paths: readonly string[]): string {
  return paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${paths.length - 5} more paths` : paths.join(', ');
}
