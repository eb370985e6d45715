/**
 * The planner's skill: survey the repository with the codemod, then hand in tasks by folder, or decline with the
 * reason.
 * Rule: every file that matches belongs to exactly one task, so tasks can run at the same time.
 */
import {
  describePlaces,
  isGlob,
  readFailure,
  readName,
  readPlaces,
  readRows,
  surveyCommand,
} from './codemod-commands.ts';
import type { Bundle, Group, Survey } from './group-matches.ts';
import { bundleGroups, findTooBig, parentOf } from './group-matches.ts';
import type { Prompt, Replacement } from './read-goal.ts';
import { readSkips } from './read-goal.ts';
import type { SkillCall, Skill } from './replay.ts';
import type { Ran, Steps } from './skill-steps.ts';
import { run, tailOf } from './skill-steps.ts';

/** Most surveys for one plan: more are needed to split large folders, and after a person's skip. */
const MAX_LOOKS = 12;
/** With more tasks than this, checks run on the integrated work only: each run may cost minutes. */
const MAX_TASKS_WITH_CHECKS = 8;
/** Core's limits on a task's checks. */
const MAX_CHECKS = 20;
const MAX_SHOWN = 1000;

/** Plans a replacement. */
export function planReplacement(prompt: Prompt, replacement: Replacement): Skill {
  return function* plan(told) {
    const split: string[] = [];
    let survey: Survey | undefined;
    let skips: string[] = [];
    let unread = '';
    const readAllSkips = (): string[] => [prompt.instructions, ...told].flatMap(readSkips);
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      skips = readAllSkips();
      const ran = yield* run(surveyCommand({ replacement, skips }, split));
      // A skip that came during the survey needs a new survey.
      if (readAllSkips().length !== skips.length) continue;
      const looked = readSurvey(ran);
      unread = describeUnread(ran);
      // The output for too many folders is cut off; use the coarser survey from before.
      if (looked.kind === 'cut') break;
      if (looked.kind === 'none') return yield* decline(describeNothing(replacement, looked.reason || unread, skips));
      survey = looked.survey;
      const tooBig = findTooBig(survey);
      if (tooBig.length === 0) break;
      split.push(...tooBig.map(({ path }) => path));
    }
    return yield* handIn(createPlan(prompt, replacement, { survey: survey ?? WHOLE, unread }, skips));
  };
}

/** The survey used if not even the folders of the root fit into one output: one task for the whole repository. */
const WHOLE: Survey = {
  groups: [{ kind: 'folder', path: '', files: 0, matches: 0 }],
  files: 0,
  matches: 0,
  languages: [],
};

function* decline(reason: string): Steps<never> {
  for (;;) yield { tool: 'decline', arguments: { reason: reason.slice(0, 4000) } };
}

function* handIn(action: SkillCall): Steps<never> {
  for (;;) {
    const outcome = yield action;
    if (outcome.kind !== 'interrupted')
      yield* decline(`My plan was not taken: ${outcome.kind === 'ran' ? outcome.output : outcome.text}`);
  }
}

type Looked = { kind: 'ok'; survey: Survey } | { kind: 'none'; reason: string } | { kind: 'cut' };

/** Reads a survey's result. */
function readSurvey({ end, output }: Ran): Looked {
  const failure = readFailure(end, output);
  if (failure !== undefined) return { kind: 'none', reason: `ast-grep says: ${tailOf(failure)}` };
  const groups = (['folder', 'file', 'files-of'] as const).flatMap((kind) =>
    readRows(output, kind).map(([files, matches, path]): Group => {
      return { kind, files: Number(files), matches: Number(matches), path: readName(path) };
    }),
  );
  const languages = readRows(output, 'language').map(([matches, name = '']) => ({ name, matches: Number(matches) }));
  const [total] = readRows(output, 'total');
  const files = Number(total?.[0] ?? 0);
  if (files === 0 && !/left out/.test(output)) return { kind: 'none', reason: '' };
  if (groups.reduce((sum, group) => sum + group.files, 0) !== files) return { kind: 'cut' };
  return { kind: 'ok', survey: { groups, files, matches: Number(total?.[1] ?? 0), languages } };
}

/** Names files that contain the pattern's longest text but were not read by the parser; empty where there are none. */
function describeUnread({ output }: Ran): string {
  const unread = readPlaces(output, 'unread');
  return unread.total === 0 ? '' : `May match and was not read: ${describePlaces(unread)}.`;
}

function describeNothing(replacement: Replacement, reason: string, skips: readonly string[]): string {
  const where = replacement.language === undefined ? 'in any language' : `in ${replacement.language}`;
  const hint =
    replacement.language === undefined
      ? ' Name the language ("in javascript") to learn whether the pattern fits it.'
      : '';
  const without = skips.length > 0 ? `, without ${skips.join(', ')}` : '';
  const said = reason === '' ? '' : ` ${reason}`;
  const pattern = `\`${clip(replacement.pattern)}\``;
  return `Nothing to replace: ${pattern} matches no file of the repository ${where}${without}.${said}${hint}`;
}

function createPlan(
  prompt: Prompt,
  replacement: Replacement,
  { survey, unread }: { survey: Survey; unread: string },
  skips: readonly string[],
): SkillCall {
  const bundles = bundleGroups(survey);
  const fitting = prompt.checks.length <= MAX_CHECKS && bundles.length <= MAX_TASKS_WITH_CHECKS;
  const ids = new Set(['plan']);
  const what = `Replace \`${clip(replacement.pattern)}\` with \`${clip(replacement.rewrite)}\``;
  const advice = ['', '', 'Leave out what a supervisor named:', ...skips.map((skip) => `skip ${skip}`)].join('\n');
  const tasks = bundles.map((bundle) => ({
    id: chooseId(bundle, ids),
    title: `Replace in ${nameOf(bundle)} (${sizeOf(bundle)})`.slice(0, 200),
    instructions: `${what} in the files of this task, by ast-grep: ${sizeOf(bundle)}.${skips.length > 0 ? advice : ''}`,
    paths: bundle.groups.map(toGlob),
    checks: fitting ? prompt.checks : [],
  }));
  const languages = survey.languages.toSorted((a, b) => b.matches - a.matches);
  const byLanguage = languages.map(({ name, matches }) => `${name} ${matches}`).join(', ');
  const parts = [
    `A structural replacement by ast-grep: ${sizeOf(survey)}${byLanguage && ` (${byLanguage})`}.`,
    `${count(tasks.length, 'task', 'tasks')} by folder.`,
    ...(skips.length > 0 ? [`Left out: ${skips.join(', ')}.`] : []),
    ...(unread === '' ? [] : [unread]),
    ...(prompt.checks.length > 0 && !fitting ? ['Many tasks, so the checks run on the integrated work only.'] : []),
  ];
  return { tool: 'finish', arguments: { plan: { summary: parts.join(' ').slice(0, 5000), tasks } } };
}

function sizeOf({ files, matches }: { files: number; matches: number }): string {
  return `${count(matches, 'match', 'matches')} in ${count(files, 'file', 'files')}`;
}

/**
 * The glob that covers exactly one group. A folder whose name looks like a glob is given without `**`, which core reads
 * as everything below it. A list of paths has one path on each line, trimmed, so spaces at the ends and control
 * characters become `?`.
 */
function toGlob({ kind, path }: Group): string {
  const isOdd = /^\s|\s\/?$|\p{Cc}/u.test(path);
  const named = isOdd ? path.replace(/[*?[\]{}()!\\]/g, '\\$&').replace(/^\s|\s(?=\/?$)|\p{Cc}/gu, '?') : path;
  const plain = named.startsWith('!') ? `./${named}` : named;
  if (kind === 'file') return plain;
  if (kind === 'files-of') return `${plain}*`;
  return isGlob(plain) && !isOdd ? plain.replace(/\/$/, '') : `${plain}**`;
}

function nameOf(bundle: Bundle): string {
  const [first, ...more] = bundle.groups;
  if (first && more.length === 0) return first.path || 'the repository';
  const parent = parentOf(bundle) || 'the root';
  const tops = bundle.groups.filter(({ kind }) => kind === 'folder').map(({ path }) => path);
  if (tops.length === 0) return `files of ${parent}`;
  const shown = tops.slice(0, 3).join(', ');
  return tops.length > 3 ? `${shown} and ${tops.length - 3} more folders of ${parent}` : shown;
}

/** A slug of the folder, or of the first and last of several folders, with a number if it is taken. */
function chooseId(bundle: Bundle, taken: Set<string>): string {
  const folders = bundle.groups.filter(({ kind }) => kind === 'folder').map(({ path }) => path);
  const [first = parentOf(bundle)] = folders;
  const last = folders.length > 1 ? toSlug(folders.at(-1)?.split('/').at(-2) ?? '').slice(0, 20) : '';
  const slug = [toSlug(first).slice(0, 32), last].filter((part) => part !== '').join('-to-') || 'root';
  let id = slug;
  for (let number = 2; taken.has(id); number += 1) id = `${slug}-${number}`;
  taken.add(id);
  return id;
}

function toSlug(path: string): string {
  return path
    .toLowerCase()
    .replaceAll(/[^a-z0-9._]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|-+$/g, '');
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function clip(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
