/**
 * Tells what a red check says anew from what it said on the base already.
 * Rule: in doubt a line is new: only times, places of lines and what only one of two runs says are set aside, and a
 * count may only fall.
 */

/** What a check said in all its runs on one tree. */
export interface Runs {
  exitCodes: readonly (number | null)[];
  outputs: readonly string[];
}

export interface Comparison {
  /** Red in the same way: nothing new, the same exit status, and it came to the same end. */
  isSame: boolean;
  /** Lines that are new, as they stand. */
  fresh: string[];
  /** Lines that the base's runs had too. */
  old: number;
}

/** What differs from run to run and tells nothing: colours, durations, times of day, addresses, temporary files. */
const NOISE: readonly (readonly [RegExp, string])[] = [
  [/(?:\u001b|\\u\{1b\})\[[0-9;]*m/g, ''],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?Z?)?/g, '<date>'],
  [/\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b/g, '<time>'],
  [/\b\d+(?:\.\d+)?\s?(?:ns|µs|us|ms|s|secs?|seconds?|min|minutes?)\b/g, '<time>'],
  [/\b(duration_ms|duration|elapsed)(\W+)\d+(?:\.\d+)?/g, '$1$2<time>'],
  [/\b0x[0-9a-f]{4,}\b/gi, '<address>'],
  [/\/tmp\/[^\s'":]+/g, '<temporary>'],
  // A refactor moves lines: `a.js:12:5`, `(a.js:12)`, `line 12`.
  [/(\.\w+):\d+(?::\d+)?/g, '$1:<line>'],
  [/\bline \d+/g, 'line <line>'],
];
/** Numbers of what is good: fewer of them are news. */
const GOOD = /pass|success|succeed|\bok\b|total|\btests?\b/i;

/** Compares what a check says now with what it said on the base. */
export function compareRuns(base: Runs, now: Runs): Comparison {
  const known = new Set(base.outputs.flatMap(linesOf));
  const shapes = groupByShape(known);
  const [first = '', ...others] = now.outputs;
  const again = others.map((output) => new Set(linesOf(output)));
  const said = readLines(first).filter(({ line }) => again.every((lines) => lines.has(line)));
  const fresh = said.filter(({ line }) => !known.has(line) && !hasOnlyFallen(line, shapes));
  const isEnded = now.outputs.every((output) => endsAs(base, new Set(linesOf(output)), shapes));
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

const shapeOf = (line: string): string => line.replace(/\d+/g, '#');
const numbersOf = (line: string): number[] => (line.match(/\d+/g) ?? []).map(Number);

function groupByShape(lines: Iterable<string>): Map<string, number[][]> {
  const shapes = new Map<string, number[][]>();
  for (const line of lines) shapes.set(shapeOf(line), [...(shapes.get(shapeOf(line)) ?? []), numbersOf(line)]);
  return shapes;
}

/** A line of the base's with smaller numbers, as `18 problems` after `22 problems`; of what is good none may fall. */
function hasOnlyFallen(line: string, shapes: ReadonlyMap<string, number[][]>): boolean {
  const numbers = numbersOf(line);
  if (numbers.length === 0 || GOOD.test(line)) return false;
  const before = shapes.get(shapeOf(line)) ?? [];
  return before.some((former) => numbers.every((number, index) => number <= (former[index] ?? -1)));
}

/** Whether an output has the last line that all runs on the base had: one that broke off earlier has nothing new. */
function endsAs({ outputs }: Runs, lines: ReadonlySet<string>, shapes: ReadonlyMap<string, number[][]>): boolean {
  const [first = [], ...others] = outputs.map(linesOf);
  const last = first.findLast((line) => others.every((other) => other.includes(line)));
  if (last === undefined || lines.has(last)) return true;
  return [...lines].some((line) => shapeOf(line) === shapeOf(last) && hasOnlyFallen(line, shapes));
}
