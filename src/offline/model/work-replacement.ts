/**
 * The worker's skill: list the files that match under the task's paths, rewrite them in one pass, list again, run the
 * checks, finish.
 * Rule: it changes only the task's files and says what it did not do. For anything else it asks a person.
 */
import { isInPaths } from '../../core/paths.ts';
import type { MatchPlace, CodemodScope } from './codemod-commands.ts';
import {
  chunkPaths,
  describePlaces,
  editCommand,
  isGlob,
  isSkipped,
  listCommand,
  PAGE_LINES,
  readFailure,
  readName,
  readPlaces,
  readRows,
} from './codemod-commands.ts';
import type { Prompt, Replacement } from './read-goal.ts';
import { readSkips } from './read-goal.ts';
import type { Skill } from './replay.ts';
import type { Steps } from './skill-steps.ts';
import { ask, run, tailOf } from './skill-steps.ts';

/** Most pages of file names; a task with more files is too large. */
const MAX_PAGES = 50;
/** Time limit of a check, in seconds: the default for checks after a finish. */
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
    const skips = (): string[] => [prompt.instructions, ...told].flatMap(readSkips);
    const scope = (): CodemodScope => ({ replacement, skips: skips() });
    const isWanted = (file: string): boolean => isInPaths(file, prompt.paths) && !isSkipped(file, skips());
    const found = yield* listFiles(scope(), roots.paths, isWanted);
    if (found.kind === 'failed')
      return yield* giveUp(`ast-grep failed: ${found.reason}`, 'Nothing was replaced: ast-grep failed.');
    if (found.files.length === 0) {
      const nothing = `Nothing to replace: no match under ${showPaths(prompt.paths)}.`;
      return yield* finish(`${nothing}${describeUnread(found)}`);
    }
    // Whole folders make a short command. If the task's paths do not cover whole folders, the files are named.
    const targets = roots.exact ? roots.paths.filter((path) => !isSkipped(path, skips())) : found.files;
    const edited = yield* edit(scope(), targets, told);
    if (edited.kind === 'failed')
      return yield* giveUp(edited.reason, 'The replacement is not complete: the edit failed.');
    const after = yield* listFiles(scope(), roots.paths, isWanted);
    if (after.kind === 'failed')
      return yield* giveUp(`ast-grep failed: ${after.reason}`, 'Replaced; what is left could not be counted.');
    return yield* confirm(prompt, describeResult(prompt, { found, edited, after }));
  };
}

/**
 * The task's text if it needs intelligence: a conflict, a red check, wanted changes. Replacing again would be wrong.
 */
function findBeyond({ task, instructions }: Prompt): string | undefined {
  const isRepair = /^repair-\d+$/.test(task) && /checks are red/.test(instructions);
  const isMerge = /have conflict markers now/.test(instructions);
  const isChange = /^changes-\d+$/.test(task) && /wants changes before it is delivered/.test(instructions);
  if (!isRepair && !isMerge && !isChange) return undefined;
  const conflict = 'The work of two tasks is in conflict';
  const what = isRepair ? 'The checks are red on the integrated work' : isChange ? 'Changes are wanted' : conflict;
  return `${what}, and the offline model cannot mend that:\n${tailOf(instructions, 2500)}`;
}

/** Runs the checks once, then finishes. If a check is red that was not red on the base, asks a person. */
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

/** Asks a person, and finishes once they answer. */
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

/** The files that match, and places that may match in files that were not read. */
interface Found {
  kind: 'ok';
  files: string[];
  matches: number;
  unread: { places: MatchPlace[]; total: number };
}

/** Lists the files that match, page by page. */
function* listFiles(
  scope: CodemodScope,
  paths: readonly string[],
  isWanted: (file: string) => boolean,
): Steps<Found | { kind: 'failed'; reason: string }> {
  const found: Found = { kind: 'ok', files: [], matches: 0, unread: { places: [], total: 0 } };
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { end, output } = yield* run(listCommand(scope, paths, page));
    const failure = readFailure(end, output);
    if (failure !== undefined) return { kind: 'failed', reason: tailOf(failure) };
    if (/^\[… \d+ bytes left out …\]$/m.test(output))
      return { kind: 'failed', reason: 'its list of files is too long' };
    const rows = readRows(output, 'match').map(([count, path]) => ({ path: readName(path), count: Number(count) }));
    const wanted = rows.filter(({ path }) => isWanted(path));
    found.files.push(...wanted.map(({ path }) => path));
    found.matches += wanted.reduce((sum, { count }) => sum + count, 0);
    if (page === 0) {
      const { places, total } = readPlaces(output, 'unread');
      const own = places.filter(({ path }) => isWanted(path));
      found.unread = { places: own, total: own.length + total - places.length };
    }
    if (rows.length < PAGE_LINES) break;
  }
  return found;
}

/** What an edit did: replacements, refused places, code that the pattern does not name, and parse errors before it. */
interface Edited {
  kind: 'ok';
  made: number;
  refused: { places: MatchPlace[]; total: number };
  unnamed: { places: MatchPlace[]; total: number };
  errorsBefore: { places: MatchPlace[]; total: number };
}

/** Rewrites in one pass. New code that matches the pattern is not rewritten again. */
function* edit(
  scope: CodemodScope,
  targets: readonly string[],
  told: readonly string[],
): Steps<Edited | { kind: 'failed'; reason: string }> {
  const none = (): Edited['refused'] => ({ places: [], total: 0 });
  const edited: Edited = { kind: 'ok', made: 0, refused: none(), unnamed: none(), errorsBefore: none() };
  for (const paths of chunkPaths(targets)) {
    const before = told.length;
    const { end, output } = yield* run(editCommand(scope, paths));
    if (told.slice(before).some((text) => /changes were undone/.test(text))) {
      return {
        kind: 'failed',
        reason: 'My replacement was undone, since it changed files outside the paths of the task.',
      };
    }
    const failure = readFailure(end, output);
    if (failure !== undefined) return { kind: 'failed', reason: `The replacement failed: ${tailOf(failure)}` };
    edited.made += Number(readRows(output, 'made')[0]?.[1] ?? 0);
    for (const [kind, all] of [
      ['refused', edited.refused],
      ['unnamed', edited.unnamed],
      ['errors-before', edited.errorsBefore],
    ] as const) {
      const { places, total } = readPlaces(output, kind);
      all.places.push(...places);
      all.total += total;
    }
  }
  return edited;
}

/** The folders and files below which a task's files are; `exact` if all files below them are the task's. */
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
  // A path inside another one would be rewritten twice.
  return { paths: unique.filter((path) => !unique.some((other) => path.startsWith(`${other}/`))), exact };
}

/** Says what was done, what was not, and where the plan's count differs. */
function describeResult(
  { paths, instructions }: Prompt,
  { found, edited, after }: { found: Found; edited: Edited; after: Found },
): string {
  const { made, refused, unnamed, errorsBefore } = edited;
  const where = `${count(found.files.length, 'file', 'files')} under ${showPaths(paths)}`;
  const planned = Number(/: (\d+) match(?:es)? in \d+ files?\./.exec(instructions)?.[1] ?? found.matches);
  const left = after.files.length === 1 ? '1 file still matches' : `${after.files.length} files still match`;
  const isNew = after.matches > refused.total;
  const said = [
    `Replaced ${count(made, 'match', 'matches')} in ${where}.`,
    after.files.length > 0
      ? `${left}${isNew ? ' (a rewrite that fits its own pattern, or new code): one pass, like ast-grep' : ''}.`
      : found.unread.total > 0
        ? 'None is left in what was read.'
        : 'None is left.',
    ...(refused.total > 0 ? [`Not replaced: ${refused.total}: ${describePlaces(refused)}.`] : []),
    ...(planned === found.matches
      ? []
      : [`The plan counted ${planned}, I found ${found.matches}: files changed since, or a skip leaves some out.`]),
    ...(unnamed.total > 0 ? [`Code that the pattern does not name stayed: ${describePlaces(unnamed)}.`] : []),
    ...(errorsBefore.total > 0
      ? [`The parser could not read all of these before either: ${describePlaces(errorsBefore)}.`]
      : []),
  ];
  return `${said.join(' ')}${describeUnread(found)}`;
}

function describeUnread({ unread }: Found): string {
  return unread.total === 0 ? '' : ` May match and was not read: ${describePlaces(unread)}.`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function showPaths(paths: readonly string[]): string {
  return paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${paths.length - 5} more paths` : paths.join(', ');
}
