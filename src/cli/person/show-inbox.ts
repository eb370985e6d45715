/**
 * How the inbox looks: as a list of groups at a terminal, and as one line a decision elsewhere.
 * Rule: pure. Each line of a decision names the command that decides exactly what it shows.
 */
import type { GroupResult } from '../../client/inbox.ts';
import { describeResults } from '../../client/inbox.ts';
import { showAge } from '../../core/text/durations.ts';
import { asLine as safe, asName, counted } from '../../core/text/lines.ts';
import { nameRepository } from '../../core/views/card-words.ts';
import type { InboxGroup, InboxItem } from '../../core/views/inbox.ts';
import { HOLD } from '../../core/views/inbox.ts';
import { showTable } from './show-fleet.ts';

/** Groups that the list at a terminal shows; the rest is counted. */
const MAX_GROUPS = 15;
/** Names of runs of a group in that list. */
const MAX_RUNS = 3;
const DIGITS = 12;

/** The command that decides an item, bound to its digest where there is one. */
export function commandOf({ run, id, kind, digest, owner }: InboxItem): string {
  switch (kind) {
    case HOLD:
      return `cox resume ${safe(owner ?? run)}`;
    case 'question':
      return `cox answer ${safe(run)} "…" --question ${safe(id)}`;
    case 'choice':
      return `cox choose ${safe(run)} <agent>`;
    default:
      return `cox approve ${safe(run)} ${safe(id)} --digest ${safe(digest.slice(0, DIGITS))}`;
  }
}

function showRisk(group: Pick<InboxGroup, 'risk' | 'late'>): string {
  const risk = group.risk === 'high' ? 'HIGH' : group.risk;
  return group.late ? `${risk} ${group.late}` : risk;
}

/** One line for each item: risk, age, run, decision, what it is about, and its command. */
export function showLines(groups: readonly InboxGroup[], now: number): string[] {
  const rows = groups.flatMap((group) =>
    group.items.map((item) => [
      showRisk({ ...group, late: item.late }),
      showAge(now - item.openedAt),
      safe(item.run),
      safe(item.id),
      safe(item.title),
      commandOf(item),
    ]),
  );
  return rows.length > 0 ? showTable(['RISK', 'AGE', 'RUN', 'DECISION', 'ABOUT', 'COMMAND'], rows).slice(1) : [];
}

/** The groups as a table, the most urgent first. */
export function showGroups(groups: readonly InboxGroup[], now: number, columns?: number): string {
  const rows = groups.slice(0, MAX_GROUPS).map((group) => {
    const { items, kind, title, openedAt } = group;
    const names = items.slice(0, MAX_RUNS).map(({ run }) => safe(run));
    const more = items.length > MAX_RUNS ? ` +${items.length - MAX_RUNS}` : '';
    const repositories = new Set(items.map(({ repository }) => nameRepository(repository)));
    const [first = ''] = repositories;
    const where = repositories.size > 1 ? `${repositories.size} repositories` : first;
    const what = items.length > 1 ? `${items.length} × ${kind}` : (items[0]?.id ?? '');
    return [showRisk(group), showAge(now - openedAt), safe(what), `${names.join(', ')}${more}`, where, safe(title)];
  });
  const left = groups.length - rows.length;
  const rest = left > 0 ? [`… ${left} more`] : [];
  return [...showTable(['RISK', 'AGE', 'WHAT', 'RUN', 'REPOSITORY', 'ABOUT'], rows, columns), ...rest].join('\n');
}

/** What stands above a decision: of which runs it is, how long it waits, and what waits for it. */
export function showHead({ items, kind, blocks, due, ...group }: InboxGroup, now: number): string {
  const many = items.length > 1 ? `${items.length} alike, ` : '';
  const when = due === undefined ? '' : `, policy acts in ${showAge(Math.max(0, due - now))}`;
  const waits = `waits ${showAge(now - group.openedAt)}, blocks ${counted(blocks, 'task')}${when}`;
  // Each of them is named: nothing is decided that was not shown.
  const of = items.map(
    ({ run, id, repository, goal }) =>
      `  ${safe(run)} ${safe(id)} (${nameRepository(repository)}, goal ${asName(goal)})`,
  );
  return [`── ${many}${safe(kind)}, ${showRisk({ risk: group.risk, late: group.late })} risk, ${waits}`, ...of].join(
    '\n',
  );
}

/** What became of a reply, by item; equal results are one line. */
export function showResults(results: readonly GroupResult[]): string {
  return describeResults(results)
    .map(({ text, runs }) => `  ${safe(text)}  (${runs.map(safe).join(', ')})`)
    .join('\n');
}
