/**
 * Finds each token of a pattern in the code that the pattern matched, and each token of a rewrite in its pattern.
 * Rule: pure; tokens of the code that the pattern does not name (comments, a semicolon, a second declarator) stay
 * unassigned.
 */
import type { Token } from './template-tokens.ts';

/** Most cells of one comparison: enough for a pattern of 100 tokens and a match of 40,000. */
const MAX_CELLS = 4_000_000;
const NEVER = 1_000_000;
/** The costs of skipping code tokens between two pattern tokens, and of not finding the pattern's last punctuation. */
const GAP = 1;
const NO_PUNCTUATION = 3;

/** Where a token of the pattern stands in the code. */
export interface Span {
  start: number;
  end: number;
}

/** Between two tokens, while skipping code tokens, or in a hole of the pattern, which matches anything. */
type Mode = 0 | 1 | 2;
const BETWEEN: Mode = 0;
const LEAVING: Mode = 1;
const HOLE: Mode = 2;

/** A step of the alignment: the number of tokens that it takes on either side, and the mode after it. */
interface Step {
  pattern: number;
  code: number;
  mode: Mode;
  cost: number;
}

/**
 * The place of each pattern token in the code, with as few gaps as possible and as far left as possible. Undefined if
 * the code does not have the tokens in this order. `repeats` has the tokens that each metavariable captured.
 */
export function alignTokens(
  pattern: readonly Token[],
  code: readonly Token[],
  repeats: ReadonlyMap<string, readonly Token[]>,
): Span[] | undefined {
  const [rows, columns] = [pattern.length + 1, code.length + 1];
  if (rows * columns > MAX_CELLS) return undefined;
  const costs = new Int32Array(rows * columns * 3).fill(NEVER);
  const cellOf = (row: number, column: number, mode: Mode): number => (row * columns + column) * 3 + mode;
  const steps = (row: number, column: number, mode: Mode): Step[] =>
    listSteps(pattern, code, repeats, [row, column, mode]);
  const costOf = (row: number, column: number, { pattern: down, code: right, mode, cost }: Step): number =>
    cost + (costs[cellOf(row + down, column + right, mode)] ?? NEVER);
  for (const mode of [BETWEEN, LEAVING, HOLE]) costs[cellOf(pattern.length, code.length, mode)] = 0;
  for (let row = pattern.length; row >= 0; row -= 1) {
    for (let column = code.length; column >= 0; column -= 1) {
      for (const mode of [HOLE, LEAVING, BETWEEN]) {
        const cell = cellOf(row, column, mode);
        for (const step of steps(row, column, mode))
          costs[cell] = Math.min(costs[cell] ?? NEVER, costOf(row, column, step));
      }
    }
  }
  if ((costs[cellOf(0, 0, BETWEEN)] ?? NEVER) >= NEVER) return undefined;
  const spans: Span[] = [];
  let [row, column, mode, holeStart]: [number, number, Mode, number] = [0, 0, BETWEEN, 0];
  while (row < pattern.length) {
    const best = steps(row, column, mode).reduce((one, other) =>
      costOf(row, column, other) < costOf(row, column, one) ? other : one,
    );
    if (mode !== HOLE) holeStart = column;
    if (best.pattern > 0) spans.push(spanOf(code, holeStart, column + best.code));
    row += best.pattern;
    column += best.code;
    mode = best.mode;
  }
  return spans;
}

/** The possible next steps, matching ones first. */
function listSteps(
  pattern: readonly Token[],
  code: readonly Token[],
  repeats: ReadonlyMap<string, readonly Token[]>,
  [row, column, mode]: readonly [number, number, Mode],
): Step[] {
  const [wanted, found] = [pattern[row], code[column]];
  const steps: Step[] = [];
  const step = (down: number, right: number, next: Mode, cost = 0): void =>
    void steps.push({ pattern: down, code: right, mode: next, cost });
  if (mode === HOLE) {
    step(1, 0, BETWEEN);
    if (found) step(0, 1, HOLE);
    return steps;
  }
  if (wanted && found && wanted.kind !== 'hole' && wanted.kind === found.kind && wanted.text === found.text)
    step(1, 1, BETWEEN);
  if (wanted?.kind === 'var') {
    const repeated = repeats.get(wanted.text);
    if (repeated === undefined) step(1, 0, BETWEEN);
    else if (repeated.every(({ text }, index) => code[column + index]?.text === text))
      step(1, repeated.length, BETWEEN);
  }
  if (wanted?.kind === 'hole') {
    if (wanted.text.startsWith('$$$')) step(1, 0, BETWEEN);
    if (found) step(0, 1, HOLE);
  }
  if (row === pattern.length - 1 && row > 0 && isPunctuation(wanted?.text)) step(1, 0, BETWEEN, NO_PUNCTUATION);
  if (found)
    step(0, 1, found.kind === 'comment' ? mode : LEAVING, found.kind === 'comment' || mode === LEAVING ? 0 : GAP);
  return steps;
}

function spanOf(code: readonly Token[], from: number, to: number): Span {
  const [first, last] = [code[from], code[to - 1]];
  if (to > from && first && last) return { start: first.start, end: last.end };
  const at = code[from - 1]?.end ?? first?.start ?? 0;
  return { start: at, end: at };
}

/** Whether a token ends a statement or separates two entries of a list. */
export function isPunctuation(text: string | undefined): boolean {
  return text === ';' || text === ',';
}

/** Pairs of indexes of the tokens that a rewrite keeps from its pattern. Metavariables and words count most. */
export function pairTokens(pattern: readonly Token[], rewrite: readonly Token[]): [number, number][] {
  const columns = rewrite.length + 1;
  const best = new Int32Array((pattern.length + 1) * columns);
  const at = (row: number, column: number): number => best[row * columns + column] ?? 0;
  const weigh = (row: number, column: number): number => {
    const [one, other] = [pattern[row], rewrite[column]];
    if (!one || !other || one.kind !== other.kind || one.text !== other.text) return 0;
    return (one.kind === 'var' ? 20 : /\w/.test(one.text) ? 6 : 2) + (one.before === other.before ? 1 : 0);
  };
  for (let row = pattern.length - 1; row >= 0; row -= 1) {
    for (let column = rewrite.length - 1; column >= 0; column -= 1) {
      const weight = weigh(row, column);
      const kept = weight > 0 ? weight + at(row + 1, column + 1) : 0;
      best[row * columns + column] = Math.max(kept, at(row + 1, column), at(row, column + 1));
    }
  }
  const pairs: [number, number][] = [];
  for (let [row, column] = [0, 0]; row < pattern.length && column < rewrite.length; ) {
    const weight = weigh(row, column);
    if (weight > 0 && at(row, column) === weight + at(row + 1, column + 1)) {
      pairs.push([row, column]);
      row += 1;
      column += 1;
    } else if (at(row, column) === at(row + 1, column)) row += 1;
    else column += 1;
  }
  return pairs;
}
