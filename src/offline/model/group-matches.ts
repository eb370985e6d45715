/**
 * Groups the files of a survey into tasks: large folders are split, small ones joined, each file in exactly one task.
 * Rule: pure; the same survey always gives the same tasks.
 */

/** One line of a survey: a folder with all below it, one file, or a folder's own files. A folder ends in a slash. */
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

/** Files in one task, so that a person can review it in one go. */
const TASK_FILES = 150;
/** Most tasks of that size. In a larger repository the tasks grow instead, because each task costs an agent. */
const MAX_TASKS_BY_SIZE = 60;
/** Most tasks for a repository that would fit into one. */
const FEW_TASKS = 4;
/** Most paths of one task. */
const MAX_PATHS = 300;
/** Most tasks of a plan, below core's limit. */
const MAX_TASKS = 190;

/** The size, in files, up to which folders stay together. */
export function taskSize(files: number): number {
  return Math.max(TASK_FILES, Math.ceil(files / MAX_TASKS_BY_SIZE));
}

/** Folders of a survey that are too big for one task. */
export function findTooBig(survey: Survey): Group[] {
  return survey.groups.filter(({ kind, files }) => kind === 'folder' && files > taskSize(survey.files));
}

/** Groups that become one task. */
export interface Bundle {
  groups: Group[];
  files: number;
  matches: number;
}

/** Joins neighbouring groups into bundles of even size until there are few enough; across folders only if needed. */
export function bundleGroups(survey: Survey): Bundle[] {
  const size = taskSize(survey.files);
  const wanted = survey.files <= TASK_FILES ? FEW_TASKS : Math.ceil(survey.files / size) + FEW_TASKS;
  const sorted = survey.groups.toSorted((a, b) => compare(sortKey(a), sortKey(b)) || compare(a.path, b.path));
  const single = bundleFiles(sorted, size);
  for (const across of [false, true]) {
    for (let most = 1; most <= size; most += 1) {
      const packed = pack(single, most, across);
      if (packed.length <= wanted) return packed;
    }
  }
  let packed = pack(single, size, true);
  for (let most = size * 2; packed.length > MAX_TASKS && most < survey.files * 2; most *= 2)
    packed = pack(single, most, true);
  return packed;
}

/** A folder's own files come before its folders. */
function sortKey({ kind, path }: Group): string {
  return kind === 'file' ? folderOf(path) : kind === 'files-of' ? path : `${path}\u0001`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The folder that holds a file or folder, with its slash; empty for the root. */
function folderOf(path: string): string {
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

/** Joins neighbours in order, up to `mostFiles` files; neighbours from different folders only if `across` is set. */
function pack(bundles: readonly Bundle[], mostFiles: number, across: boolean): Bundle[] {
  const packed: Bundle[] = [];
  for (const bundle of bundles) {
    const last = packed.at(-1);
    const fits =
      last && last.files + bundle.files <= mostFiles && last.groups.length + bundle.groups.length <= MAX_PATHS;
    if (fits && (across || parentOf(last) === parentOf(bundle))) packed[packed.length - 1] = join(last, bundle);
    else packed.push(bundle);
  }
  return packed;
}

/** The deepest folder that contains all of a bundle. */
export function parentOf({ groups }: Bundle): string {
  const parents = groups.map(({ kind, path }) => (kind === 'files-of' ? path : folderOf(path)));
  return parents.reduce((common, parent) => {
    let shared = common;
    while (!parent.startsWith(shared)) shared = folderOf(shared);
    return shared;
  });
}
