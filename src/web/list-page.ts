/**
 * The page of all runs: those that need a person first, then the others, then the newest that ended.
 * Rule: it reads Temporal's list only, so that it is quick for thousands of runs and works without a worker.
 */
import type { Client } from '@temporalio/client';
import { html } from 'hono/html';
import { isWaiting, stalledFor, sumFleet } from '../client/fleet-sums.ts';
import type { FleetFilter, FleetRun } from '../client/fleet.ts';
import { readFleet } from '../client/fleet.ts';
import { asLine } from '../core/text/lines.ts';
import type { Html, Part } from './layout.ts';
import { showAge } from '../core/text/durations.ts';
import { nameRepository, showSpent } from '../core/views/card-words.ts';
import { addressOf } from './address.ts';

/** Ended runs on the page. */
const MAX_ENDED = 20;
/** Open runs on the page; more are counted. */
const MAX_OPEN = 500;

/** What narrows the list, by the words of its address. */
const WORDS = ['team', 'campaign', 'repository', 'state'] as const;

/** The filter that an address asks for. */
export function readFilter(query: Readonly<Record<string, string>>): FleetFilter {
  const words = Object.fromEntries(WORDS.flatMap((word) => (query[word] ? [[word, query[word]]] : [])));
  return { ...words, ...(query['needs'] ? { needs: true as const } : {}) };
}

/** The form that narrows the list of a page, by these words. */
export function renderFilter(
  filter: FleetFilter,
  page: string,
  words: readonly (typeof WORDS)[number][] = WORDS,
): Html {
  const needs = html`<label class="check"><input type="checkbox" name="needs" value="1" ${filter.needs ? 'checked' : ''}>needs me</label>`;
  return html`<form method="get" action="${page}" class="filter" role="search" aria-label="Narrow the list">
${words.map((word) => html`<label>${word}<input name="${word}" value="${filter[word] ?? ''}" autocomplete="off"></label>`)}
${words.length === WORDS.length ? needs : ''}<button>Show</button></form>`;
}

/** The part with the runs. */
export async function listRuns(client: Client, filter: FleetFilter): Promise<Part[]> {
  const [open, ended] = await Promise.all([
    readFleet(client, filter, { which: 'open' }),
    readFleet(client, filter, { which: 'ended', most: MAX_ENDED }),
  ]);
  const now = Date.now();
  const ordered = [...open.filter(isWaiting), ...open.filter((run) => !isWaiting(run))];
  const { runs, waiting, troubled, tokens, usd } = sumFleet('', open, now);
  const more = ordered.length - MAX_OPEN;
  const sum = html`<p class="sum">${runs} open, ${waiting} need you${troubled > 0 ? `, ${troubled} in trouble` : ''}, ${showSpent({ tokens, usd })} spent</p>`;
  const body = html`${sum}
${open.length > 0 ? renderTable('Open', ordered.slice(0, MAX_OPEN), now) : html`<p>Nothing runs. Start something in a git repository: <code>cox run . "…"</code></p>`}
${more > 0 ? html`<p>${more} more: narrow the list.</p>` : ''}
${ended.length > 0 ? renderTable(`Ended, the newest ${ended.length}`, ended, now) : ''}`;
  return [{ id: 'runs', body }];
}

export function renderTable(title: string, runs: readonly FleetRun[], now: number): Html {
  return html`<h2>${title}</h2><table><thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col">Needs</th>
<th scope="col">Age</th><th scope="col">Tasks</th><th scope="col">Spent</th></tr></thead><tbody>${runs.map((run) => renderRow(run, now))}</tbody></table>`;
}

function renderRow(run: FleetRun, now: number): Html {
  const { id, state, card, team, campaign, repository, startedAt, closedAt } = run;
  const groups = Object.entries({ team, campaign }).flatMap(([kind, name]) =>
    name === undefined ? [] : [html` · <a href="${addressOf(kind, name)}">${asLine(name)}</a>`],
  );
  const wrong = findWrong(run, now);
  return html`<tr class="${run.isOpen && isWaiting(run) ? 'waits' : ''}"><th scope="row"><a data-row href="${addressOf('run', id)}">${asLine(id)}</a>
<span class="run-goal">${asLine(card?.goal ?? '')}</span><span class="about-run">${nameRepository(repository)}${groups}</span></th>
<td data-label="State">${asLine(state)}${wrong === undefined ? '' : html`<span class="wrong">${wrong}</span>`}</td>
<td data-label="Needs">${run.isOpen ? listNeeds(run) : ''}</td><td data-label="Age">${showAge((closedAt ?? now) - startedAt)}</td>
<td data-label="Tasks">${card && card.tasks.all > 0 ? `${card.tasks.done} of ${card.tasks.all}` : ''}</td><td data-label="Spent">${card ? `${showSpent(card.spend)}` : ''}</td></tr>`;
}

function listNeeds({ needs, card }: FleetRun): Html {
  if (!card) return html`${asLine(needs.join(', '))}`;
  const more = card.needs.length - 1 + card.more;
  const [first] = card.needs;
  const held = card.holds.length > 0 ? 'resume' : '';
  return html`${first ? html`<span class="tag ${first.risk}">${asLine(first.id)}${first.late ? ` ${first.late}` : ''}</span>` : ''} ${held}${more > 0 ? ` and ${more} more` : ''}`;
}

function findWrong(run: FleetRun, now: number): string | undefined {
  if (!run.isOpen) return undefined;
  const [held] = run.card?.holds ?? [];
  if (run.card?.trouble) return `trouble: ${asLine(run.card.trouble)}`;
  if (held) return `holds: ${asLine(held.reason)}`;
  const still = stalledFor(run, now);
  return still === undefined ? undefined : `no progress for ${showAge(still)}`;
}
