/**
 * Makes tasks of a survey: folders that are not too big, small ones together, each file in exactly one task.
 * Rule: pure, and the same survey always gives the same tasks.
 */

/** One line of a survey: a folder with all below it, one file, or a folder's own files. Folders end in a slash. */
export interface Group {
  kind: 'folder' | 'file' | 'files-of';
  path: string;
  files: number;
  matches: number;
}

export interface Survey {
  groups: Group[];
  files: number;
  matches: number;
  /** Matches by language. */
  languages: { name: string; matches: number }[];
}

/** Files that one person reviews in one go. */
const TASK_FILES = 150;
/** Most tasks of that size; in a larger repository tasks grow instead, for every task costs an agent. */
const MAX_TASKS_BY_SIZE = 60;
/** A small repository is not cut into more tasks than this. */
const FEW_TASKS = 4;
/** Most paths of one task. */
const MAX_PATHS = 300;
/** Below core's limit on a plan. */
const MAX_TASKS = 190;

/** The size, in files, up to which folders stay together. */
export function taskSize(files: number): number {
  return Math.max(TASK_FILES, Math.ceil(files / MAX_TASKS_BY_SIZE));
}

/** Folders of a survey that are too big for one task. */
export function findTooBig(survey: Survey): Group[] {
  return survey.groups.filter(({ kind, files }) => kind === 'folder' && files > taskSize(survey.files));
}

/** Files that become one task. */
export interface Bundle {
  groups: Group[];
  files: number;
  matches: number;
}

/** Bundles a survey's groups: files of one folder first, then neighbours until there are few enough. */
export function bundleGroups(survey: Survey): Bundle[] {
  const size = taskSize(survey.files);
  const wanted = Math.max(FEW_TASKS, Math.ceil(survey.files / size) + FEW_TASKS);
  const few = survey.files <= TASK_FILES ? FEW_TASKS : wanted;
  const sorted = survey.groups.toSorted((a, b) => compare(sortKey(a), sortKey(b)) || compare(a.path, b.path));
  let bundles = bundleFiles(sorted, size);
  bundles = mergeNeighbours(bundles, few, size);
  return mergeNeighbours(bundles, MAX_TASKS, Number.POSITIVE_INFINITY);
}

/** A folder's own files come before its folders. */
function sortKey({ kind, path }: Group): string {
  return kind === 'file' ? folderOf(path) : kind === 'files-of' ? path : `${path}\u0001`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The folder that holds a file or folder, with its slash; empty for the root. */
export function folderOf(path: string): string {
  return path.slice(0, path.replace(/\/$/, '').lastIndexOf('/') + 1);
}

function bundleFiles(groups: readonly Group[], size: number): Bundle[] {
  const bundles: Bundle[] = [];
  for (const group of groups) {
    const last = bundles.at(-1);
    const [first] = last?.groups ?? [];
    const together = first?.kind === 'file' && group.kind === 'file' && folderOf(first.path) === folderOf(group.path);
    if (last && together && last.files < size) bundles[bundles.length - 1] = join(last, bundleOf(group));
    else bundles.push(bundleOf(group));
  }
  return bundles;
}

function bundleOf(group: Group): Bundle {
  return { groups: [group], files: group.files, matches: group.matches };
}

function join(a: Bundle, b: Bundle): Bundle {
  return { groups: [...a.groups, ...b.groups], files: a.files + b.files, matches: a.matches + b.matches };
}

/** Joins the smallest neighbours, those of one folder first, until at most `most` bundles are left or none fit. */
function mergeNeighbours(bundles: readonly Bundle[], most: number, size: number): Bundle[] {
  const merged = [...bundles];
  while (merged.length > most) {
    let best: { at: number; cost: number } | undefined;
    for (let at = 0; at + 1 < merged.length; at += 1) {
      const [a, b] = [merged[at], merged[at + 1]];
      if (!a || !b || a.files + b.files > size) continue;
      if (size !== Number.POSITIVE_INFINITY && a.groups.length + b.groups.length > MAX_PATHS) continue;
      const cost = a.files + b.files + (parentOf(a) === parentOf(b) ? 0 : size);
      if (!best || cost < best.cost) best = { at, cost };
    }
    if (!best) break;
    const [a, b] = [merged[best.at], merged[best.at + 1]];
    if (a && b) merged.splice(best.at, 2, join(a, b));
  }
  return merged;
}

/** The deepest folder that holds all of a bundle. */
export function parentOf({ groups }: Bundle): string {
  const parents = groups.map(({ kind, path }) => (kind === 'files-of' ? path : folderOf(path)));
  return parents.reduce((common, parent) => {
    let shared = common;
    while (!parent.startsWith(shared)) shared = folderOf(shared);
    return shared;
  });
}
