/**
 * Compares a red check with its result on the base, and finds what is new.
 * Rule: in doubt a line is new; so is one that occurs more often than on the base. Ignored are only times, line
 * numbers, and lines that only one of two runs printed. Only counts of bad things may fall.
 */

/** Exit statuses and outputs of all runs of a check on one tree. */
export interface Runs {
  exitCodes: readonly (number | null)[];
  outputs: readonly string[];
}

export interface Comparison {
  /** Red in the same way: no new line, the same exit status, and the same last line. */
  isSame: boolean;
  /** New lines, as printed. */
  fresh: string[];
  /** How many lines the base's runs had too. */
  old: number;
}

/** Parts that differ from run to run and mean nothing: colours, durations, times, addresses, temporary files. */
const NOISE: readonly (readonly [RegExp, string])[] = [
  [/(?:\u001b|\\u\{1b\})\[[0-9;]*m/g, ''],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?Z?)?/g, '<date>'],
  [/\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b/g, '<time>'],
  [/\b\d+(?:\.\d+)?\s?(?:ns|µs|us|ms|s|secs?|seconds?|min|minutes?)\b/g, '<time>'],
  [/\b(duration_ms|duration|elapsed)(\W+)\d+(?:\.\d+)?/g, '$1$2<time>'],
  [/\b0x[0-9a-f]{4,}\b/gi, '<address>'],
  [/\/tmp\/[^\s'":]+/g, '<temporary>'],
  // A refactor moves lines: `a.js:12:5`, `(a.js:12)`, `a.ts(12,5)`, `line 12`.
  [/(\.\w+):\d+(?::\d+)?/g, '$1:<line>'],
  [/(\.\w+)\(\d+,\d+\)(?=:)/g, '$1(<line>)'],
  [/\bline \d+/g, 'line <line>'],
];
const BAD = String.raw`\d+ (?:problems?|errors?|warnings?|failed|failures?|failing|issues?|offen[cs]es?)\b`;
/** Matches `22 problems`, `Found 3 errors in 2 files`; not `case 7 failed`, `3:5 error` or `expected 5 errors`. */
const COUNT = new RegExp(
  String.raw`(?<=^|[([]|[✖×✗✘✕,;.] |\b(?:found|and|with|has|have|in) )(?=${BAD}|\d+ files?\b)\d+`,
  'gi',
);
/** A line with such a word counts good things too, and fewer of them is news. */
const GOOD = /pass|success|succeed|\bok\b|total|\btests?\b|%/i;
const BAD_LINE = new RegExp(String.raw`\b${BAD}`, 'i');

/** Compares a check's runs with its runs on the base. */
export function compareRuns(base: Runs, now: Runs): Comparison {
  const left = new Map<string, number>();
  for (const counts of base.outputs.map(countLines))
    for (const [line, count] of counts) left.set(line, Math.max(count, left.get(line) ?? 0));
  const [first = '', ...others] = now.outputs;
  const again = others.map(countLines);
  const said = readLines(first).filter(({ line }) => again.every((counts) => take(counts, line)));
  const shapes = Map.groupBy(left.keys(), shapeOf);
  const hasFormer = (line: string): boolean =>
    (shapes.get(shapeOf(line)) ?? []).some((former) => hasOnlyFallen(line, former) && take(left, former));
  // Equal lines are paired first; then lines whose counts have fallen.
  const fresh = said.filter(({ line }) => !take(left, line)).filter(({ line }) => !hasFormer(line));
  const isEnded = now.outputs.every((output) => endsAs(base, new Set(linesOf(output))));
  const isExit = now.exitCodes.every((code) => base.exitCodes.includes(code));
  return {
    isSame: fresh.length === 0 && isEnded && isExit,
    fresh: fresh.map(({ text }) => text),
    old: said.length - fresh.length,
  };
}

function readLines(output: string): { text: string; line: string }[] {
  return output.split('\n').flatMap((text) => {
    const line = NOISE.reduce((left, [pattern, name]) => left.replace(pattern, name), text).trim();
    return line === '' ? [] : [{ text, line }];
  });
}

function linesOf(output: string): string[] {
  return readLines(output).map(({ line }) => line);
}

function countLines(output: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of linesOf(output)) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

/** Removes one occurrence of a line; false if none is left. */
function take(left: Map<string, number>, line: string): boolean {
  const count = left.get(line) ?? 0;
  if (count > 0) left.set(line, count - 1);
  return count > 0;
}

const shapeOf = (line: string): string => line.replace(COUNT, '#');
const numbersOf = (line: string): number[] => (line.match(COUNT) ?? []).map(Number);

/** Whether it is the same line with smaller counts of bad things: `18 problems` after `22 problems`. */
function hasOnlyFallen(line: string, former: string): boolean {
  if (!BAD_LINE.test(line) || GOOD.test(line) || shapeOf(line) !== shapeOf(former)) return false;
  const before = numbersOf(former);
  return numbersOf(line).every((number, index) => number <= (before[index] ?? -1));
}

/**
 * Whether an output contains the last line that all runs on the base had: a run that broke off earlier would have no
 * new line. False if the base's runs share no line, since nothing can be told then.
 */
function endsAs({ outputs }: Runs, lines: ReadonlySet<string>): boolean {
  const [first = [], ...others] = outputs.map(linesOf);
  const last = first.findLast((line) => others.every((other) => other.includes(line)));
  if (last === undefined) return false;
  return lines.has(last) || [...lines].some((line) => hasOnlyFallen(line, last));
}
