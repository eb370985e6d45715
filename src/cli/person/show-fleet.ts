/**
 * How lists and sums of runs look at a terminal: aligned columns, one run a line.
 * Rule: pure. Text of people and models stays within its line; nothing is cut where the output is piped.
 */
import type { FleetRun } from '../../client/fleet.ts';
import type { FleetSum, Grouping } from '../../client/fleet-sums.ts';
import { isWaiting, stalledFor, sumFleet } from '../../client/fleet-sums.ts';
import { showAge } from '../../core/text/durations.ts';
import { asLine as safe, clipText } from '../../core/text/lines.ts';
import { nameRepository, showSpent } from '../../core/views/card-words.ts';

/** Characters of a column at a terminal, except the last one. */
const MAX_COLUMN = 36;
/** Runs under the sums that need a look. */
const MAX_ATTENTION = 20;

/** Columns of equal width; columns without any text are left out. `columns` is the terminal's width, if there is one. */
export function showTable(head: readonly string[], rows: readonly string[][], columns?: number): string[] {
  const most = columns === undefined ? Number.POSITIVE_INFINITY : MAX_COLUMN;
  const kept = head.map((_, at) => rows.some((row) => row[at] !== ''));
  const all = [head, ...rows].map((row) => row.filter((_, at) => kept[at]));
  const last = (all[0]?.length ?? 0) - 1;
  const widths = (all[0] ?? []).map((_, at) => Math.min(most, Math.max(...all.map((row) => (row[at] ?? '').length))));
  return all.map((row) => {
    const cells = row.map((cell, at) => (at === last ? cell : clipText(cell, most).padEnd(widths[at] ?? 0)));
    const line = cells.join('  ').trimEnd();
    return columns === undefined ? line : clipText(line, columns);
  });
}

/** What a run waits for, in a few words: its riskiest decision, and how many more. */
function showNeeds({ needs, card }: FleetRun): string {
  if (!card) return safe(needs.join(', '));
  const [first] = card.needs;
  const held = card.holds.length > 0 ? ['resume'] : [];
  const named = first ? [`${safe(first.id)}${first.late ? ` ${first.late}` : ''}`, ...held] : held;
  const more = card.needs.length - 1 + card.more;
  return `${named.join(', ')}${more > 0 ? ` +${more}` : ''}`;
}

/** What is wrong with a run, in one line; undefined if nothing is. */
function showWrong(run: FleetRun, now: number): string | undefined {
  const still = stalledFor(run, now);
  if (run.isOpen && run.card?.trouble) return `trouble: ${safe(run.card.trouble)}`;
  const [held] = run.card?.holds ?? [];
  if (run.isOpen && held) return `holds: ${safe(held.reason)}`;
  return still === undefined ? undefined : `no progress for ${showAge(still)}`;
}

function toRow(run: FleetRun, now: number): string[] {
  const { card } = run;
  return [
    safe(run.id),
    safe(run.state),
    showAge((run.closedAt ?? now) - run.startedAt),
    run.isOpen ? showNeeds(run) : '',
    card && card.tasks.all > 0 ? `${card.tasks.done}/${card.tasks.all}` : '',
    card ? showSpent(card.spend) : '',
    safe(run.team ?? ''),
    safe(run.campaign ?? ''),
    nameRepository(run.repository),
    safe(card?.goal ?? ''),
  ];
}

const HEAD = ['ID', 'STATE', 'AGE', 'NEEDS', 'TASKS', 'SPENT', 'TEAM', 'CAMPAIGN', 'REPOSITORY', 'GOAL'];

export interface Shown {
  open: readonly FleetRun[];
  ended: readonly FleetRun[];
  now: number;
  columns?: number | undefined;
}

/** Open runs, those that need a person first, each with what is wrong with it; then ended ones. */
export function showList({ open, ended, now, columns }: Shown): string {
  const ordered = [...open.filter(isWaiting), ...open.filter((run) => !isWaiting(run))];
  const [head = '', ...lines] = showTable(
    HEAD,
    ordered.map((run) => toRow(run, now)),
    columns,
  );
  const rows = lines.flatMap((line, at) => {
    const run = ordered[at];
    const wrong = run && showWrong(run, now);
    return wrong === undefined ? [line] : [line, clipText(`    ! ${wrong}`, columns ?? Number.POSITIVE_INFINITY)];
  });
  const past = showTable(
    HEAD,
    ended.map((run) => toRow(run, now)),
    columns,
  );
  return [
    showSum(sumFleet('', open, now)),
    ...(open.length > 0 ? [head, ...rows] : []),
    ...(ended.length > 0 ? ['', `ended, the newest ${ended.length}:`, ...past] : []),
  ].join('\n');
}

function showSum({ runs, waiting, troubled, stalled, tokens, usd }: FleetSum): string {
  const parts = [
    `${waiting} need you`,
    ...(troubled > 0 ? [`${troubled} in trouble`] : []),
    ...(stalled > 0 ? [`${stalled} without progress`] : []),
    `${tokens} tokens${usd === null ? '' : ` ($${usd.toFixed(2)})`}`,
  ];
  return `${runs} open: ${parts.join(', ')}`;
}

/** The sums of each grouping, then the runs that need a look. */
export function showFleet(groups: readonly (readonly [Grouping, readonly FleetSum[]])[], shown: Shown): string {
  const { open, now, columns } = shown;
  const tables = groups.flatMap(([by, sums]) => {
    const rows = sums.map(({ name, runs, waiting, troubled, stalled, tokens, usd }) => [
      by === 'repository' ? nameRepository(name) : safe(name || 'none'),
      ...[runs, waiting, troubled, stalled].map((count) => (count === 0 ? '–' : String(count))),
      showSpent({ tokens, usd }),
    ]);
    if (sums.every(({ name }) => name === '')) return [];
    const head = [by.toUpperCase(), 'OPEN', 'NEED YOU', 'TROUBLE', 'STALLED', 'SPENT'];
    return ['', ...showTable(head, rows, columns)];
  });
  const look = open.filter((run) => isWaiting(run) || showWrong(run, now) !== undefined);
  const more = look.length - MAX_ATTENTION;
  const rest = more > 0 ? [`… ${more} more: cox list`] : [];
  const list = showTable(
    HEAD,
    look.slice(0, MAX_ATTENTION).map((run) => toRow(run, now)),
    columns,
  );
  const attention = look.length > 0 ? ['', 'to look at:', ...list, ...rest] : [];
  return [showSum(sumFleet('', open, now)), ...tables, ...attention].join('\n');
}
