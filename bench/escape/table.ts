/**
 * The bench's results as a table for the terminal and for Markdown.
 * Rule: every cell says what was seen; no cell is left out, and blind attacks have their own section.
 */
import type { RunnerName } from './attack.ts';

/** The outcome of one attack or one piece of work with one runner. */
export type Cell =
  | { kind: 'good'; note: string }
  | { kind: 'bad'; note: string }
  /** The outcome can't be judged here. */
  | { kind: 'none'; note: string };

/** One row: an attack or a piece of daily work. */
export interface Row {
  section: 'attack' | 'blind attack' | 'daily work';
  area: string;
  name: string;
  /** What it tries or does. */
  about: string;
  cells: Partial<Record<RunnerName, Cell>>;
}

const WORDS = {
  attack: { good: 'blocked', bad: 'SUCCEEDED' },
  'blind attack': { good: 'blocked', bad: 'SUCCEEDED' },
  'daily work': { good: 'works', bad: 'FAILS' },
} as const;

/** The text of a cell. */
export function cellText(row: Row, cell: Cell | undefined): string {
  if (cell === undefined) return '';
  if (cell.kind === 'none') return `n/a (${cell.note})`;
  const word = WORDS[row.section][cell.kind];
  return cell.note === '' ? word : `${word} (${cell.note})`;
}

const SECTIONS = ['attack', 'blind attack', 'daily work'] as const;

/** One line for each section with the counts of each runner. */
export function summary(rows: readonly Row[], runners: readonly RunnerName[]): string {
  const lines = SECTIONS.map((section) => ({ section, own: rows.filter((row) => row.section === section) }))
    .filter(({ own }) => own.length > 0)
    .map(({ section, own }) => [`${section} (${own.length})`, ...runners.map((runner) => countText(own, runner))]);
  return markdown([['', ...runners], ['---', ...runners.map(() => '---')], ...lines]);
}

/** The lines of one Markdown table for each section, with counts at the bottom. */
export function markdownTables(rows: readonly Row[], runners: readonly RunnerName[]): string {
  return SECTIONS.map((section) => ({ section, own: rows.filter((row) => row.section === section) }))
    .filter(({ own }) => own.length > 0)
    .map(({ section, own }) => `${title(section, own.length)}\n\n${table(own, runners)}\n`)
    .join('\n');
}

function title(section: Row['section'], count: number): string {
  switch (section) {
    case 'attack':
      return `## ${count} attacks, by authors who know the guards`;
    case 'blind attack':
      return `## ${count} blind attacks, written without a look at the guards`;
    case 'daily work':
      return `## ${count} pieces of daily work`;
  }
}

function table(rows: readonly Row[], runners: readonly RunnerName[]): string {
  const head = ['area', 'name', 'effect or work', ...runners];
  const lines = [head, head.map(() => '---')];
  for (const row of rows) {
    lines.push([row.area, row.name, row.about, ...runners.map((runner) => cellText(row, row.cells[runner]))]);
  }
  const counts = runners.map((runner) => countText(rows, runner));
  lines.push(['', `**${rows.length}**`, '**counts**', ...counts.map((count) => `**${count}**`)]);
  return markdown(lines);
}

function markdown(lines: readonly (readonly string[])[]): string {
  const escaped = (cell: string): string => cell.replaceAll('|', String.raw`\|`);
  return lines.map((cells) => `| ${cells.map(escaped).join(' | ')} |`).join('\n');
}

/** The number of good outcomes, of those that could be judged. */
function countText(rows: readonly Row[], runner: RunnerName): string {
  const cells = rows.flatMap((row) => row.cells[runner] ?? []);
  const judged = cells.filter(({ kind }) => kind !== 'none');
  const good = judged.filter(({ kind }) => kind === 'good').length;
  const rest = cells.length - judged.length;
  const word = WORDS[rows[0]?.section ?? 'attack'].good;
  return `${good} of ${judged.length} ${word}${rest > 0 ? `, ${rest} n/a` : ''}`;
}
