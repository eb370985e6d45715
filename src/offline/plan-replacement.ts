/**
 * The planner's skill: survey the repository by ast-grep, then hand in tasks by folder, or say why there are none.
 * Rule: every file that matches belongs to exactly one task, and tasks can run beside each other.
 */
import { excludeIgnored, excludeSkip, isGlob, surveyCommand } from './ast-grep-commands.ts';
import type { Bundle, Group, Survey } from './group-matches.ts';
import { bundleGroups, findTooBig, parentOf } from './group-matches.ts';
import type { Prompt, Replacement } from './read-goal.ts';
import { readSkips } from './read-goal.ts';
import type { Action, Skill } from './replay.ts';
import type { Ran, Steps } from './skill-steps.ts';
import { listIgnored, run, tailOf } from './skill-steps.ts';

/** Times that too big folders are looked into. */
const MAX_DEPTH = 8;
/** With more tasks than this, checks run on the integrated work only: each run may cost minutes. */
const MAX_TASKS_WITH_CHECKS = 8;
/** Core's limits on a task's checks. */
const MAX_CHECKS = 20;
const MAX_SHOWN = 1000;

/** Plans a replacement. */
export function planReplacement(prompt: Prompt, replacement: Replacement): Skill {
  return function* plan(told) {
    const ignored = excludeIgnored(yield* listIgnored(['.']));
    const split: string[] = [];
    let survey: Survey | undefined;
    let skips: string[] = [];
    for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
      skips = [prompt.instructions, ...told].flatMap(readSkips);
      const scope = { replacement, excluded: [...ignored, ...skips.map(excludeSkip)] };
      const looked = readSurvey(yield* run(surveyCommand(scope, split.map(inJson))));
      // A survey of too many folders is cut; the coarser one before it serves.
      if (looked.kind === 'cut') break;
      if (looked.kind === 'none') return yield* decline(describeNothing(replacement, looked.reason, skips));
      survey = looked.survey;
      const tooBig = findTooBig(survey);
      if (tooBig.length === 0) break;
      split.push(...tooBig.map(({ path }) => path));
    }
    return yield* handIn(createPlan(prompt, replacement, survey ?? WHOLE, skips));
  };
}

/** What is planned when not even the folders of the root fit a result. */
const WHOLE: Survey = {
  groups: [{ kind: 'folder', path: '', files: 0, matches: 0 }],
  files: 0,
  matches: 0,
  languages: [],
};

function* decline(reason: string): Steps<never> {
  for (;;) yield { tool: 'decline', arguments: { reason: reason.slice(0, 4000) } };
}

function* handIn(action: Action): Steps<never> {
  for (;;) {
    const outcome = yield action;
    if (outcome.kind !== 'interrupted')
      yield* decline(`My plan was not taken: ${outcome.kind === 'ran' ? outcome.output : outcome.text}`);
  }
}

type Looked = { kind: 'ok'; survey: Survey } | { kind: 'none'; reason: string } | { kind: 'cut' };

/** Reads a survey's result. */
function readSurvey({ end, output }: Ran): Looked {
  const rows = output.split('\n').map((line) => line.split('\t'));
  const groups = rows.flatMap(([kind, files, matches, path]): Group[] =>
    (kind === 'folder' || kind === 'file' || kind === 'files-of') && path !== undefined
      ? [{ kind, files: Number(files), matches: Number(matches), path: fromJson(path) }]
      : [],
  );
  const languages = rows.flatMap(([kind, matches, name]) =>
    kind === 'language' && name ? [{ name, matches: Number(matches) }] : [],
  );
  const total = rows.find(([kind]) => kind === 'total');
  const files = Number(total?.[1] ?? 0);
  if (files === 0 && !/left out/.test(output)) return { kind: 'none', reason: describeErrors(end, output) };
  if (groups.reduce((sum, group) => sum + group.files, 0) !== files) return { kind: 'cut' };
  return { kind: 'ok', survey: { groups, files, matches: Number(total?.[2] ?? 0), languages } };
}

/** What ast-grep complained of, if it did: its errors without the advice. */
function describeErrors(end: string, output: string): string {
  const status = /^ast-grep ended with (\d+)$/m.exec(output)?.[1];
  const lines = output
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^(?:total\t|ast-grep ended|Help:|See also:|For more)/.test(line));
  const said = lines.map((line) => line.replace(/^[\s╰▻✖]+/, '').trim()).join(' ');
  if (status === '0' || status === '1') return said;
  if (status === undefined) return `The survey ended with ${end}. ${tailOf(output)}`;
  return said || `ast-grep ended with exit status ${status}.`;
}

function describeNothing(replacement: Replacement, reason: string, skips: readonly string[]): string {
  const where = replacement.language === undefined ? 'in any language' : `in ${replacement.language}`;
  const hint =
    replacement.language === undefined
      ? ' Name the language ("in javascript") to learn whether the pattern fits it.'
      : '';
  const without = skips.length > 0 ? `, without ${skips.join(', ')}` : '';
  const said = reason === '' ? '' : ` ast-grep says: ${tailOf(reason)}`;
  const pattern = `\`${clip(replacement.pattern)}\``;
  return `Nothing to replace: ${pattern} matches no file of the repository ${where}${without}.${said}${hint}`;
}

function createPlan(prompt: Prompt, replacement: Replacement, survey: Survey, skips: readonly string[]): Action {
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
    ...(prompt.checks.length > 0 && !fitting ? ['Many tasks, so the checks run on the integrated work only.'] : []),
  ];
  return { tool: 'finish', arguments: { plan: { summary: parts.join(' ').slice(0, 5000), tasks } } };
}

function sizeOf({ files, matches }: { files: number; matches: number }): string {
  return `${count(matches, 'match', 'matches')} in ${count(files, 'file', 'files')}`;
}

/**
 * The glob that covers a group and nothing else. A folder whose name looks like a glob is named plainly, which core
 * reads as all below it.
 */
function toGlob({ kind, path }: Group): string {
  const plain = path.startsWith('!') ? `./${path}` : path;
  if (kind === 'file') return plain;
  if (kind === 'files-of') return `${plain}*`;
  return isGlob(plain) ? plain.replace(/\/$/, '') : `${plain}**`;
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

/** A slug of the folder, or of the first and the last of several; numbered where it was taken. */
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

function inJson(path: string): string {
  return JSON.stringify(path).slice(1, -1);
}

function fromJson(path: string): string {
  try {
    return String(JSON.parse(`"${path}"`));
  } catch {
    return path;
  }
}
