/**
 * The pages of a team and of a campaign, with sums and spend over time, and the page that lists all of them.
 * Rule: it reads Temporal's list only, so that it is quick for thousands of runs and works without a worker.
 */
import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { FleetSum } from '../client/fleet-sums.ts';
import { groupFleet, isWaiting, sumFleet } from '../client/fleet-sums.ts';
import type { FleetRun } from '../client/fleet.ts';
import { readFleet } from '../client/fleet.ts';
import { asLine, counted } from '../core/text/lines.ts';
import { shellLine } from '../core/text/shell-line.ts';
import { showSpent } from '../core/views/card-words.ts';
import type { Spent } from '../core/views/spent.ts';
import { addressOf } from './address.ts';
import type { Visitor } from './door.ts';
import type { Html, Part } from './layout.ts';
import { renderCommand } from './layout.ts';
import { renderTable } from './list-page.ts';
import type { Pages } from './pages.ts';
import { idOf, renderParts } from './pages.ts';
import { renderSpendPlot } from './plot.ts';

/** Ended runs that are read for sums: some seconds of reading at most. The page says where there may be more. */
const MAX_ENDED = 2000;
/** Ended runs that are listed. */
const MAX_LISTED = 50;

const KINDS = ['team', 'campaign'] as const;
type Kind = (typeof KINDS)[number];

/** The pages of teams and campaigns. */
export function addGroupPages(app: Hono<Visitor>, pages: Pages): void {
  const { client, show, live } = pages;
  for (const kind of KINDS) {
    live.set(kind, async (visit) => await readGroupParts(client, kind, idOf(visit)));
    app.get(`/${kind}`, async (visit) => {
      const name = idOf(visit);
      const parts = await renderParts(await readGroupParts(client, kind, name));
      const head = html`<h1>${kind === 'team' ? 'Team' : 'Campaign'} ${asLine(name)}</h1>
<p><a href="${inboxOf(kind, name)}">Its inbox</a></p>`;
      const to = ['--' + kind, name];
      const all = [
        shellLine(['cox', 'steer', ...to, '…']),
        ...['pause', 'resume', 'stop'].map((verb) => shellLine(['cox', verb, ...to])),
      ];
      const bulk = renderCommand(all, 'One message to all of them');
      return await show(visit, name, html`${head}${parts}${bulk}`, addressOf('live', name, { page: kind }));
    });
  }
  live.set('groups', async () => await readOverview(client));
  app.get('/groups', async (visit) => {
    const parts = await renderParts(await readOverview(client));
    return await show(visit, 'Teams and campaigns', html`<h1>Teams and campaigns</h1>${parts}`, '/live?page=groups');
  });
}

function inboxOf(kind: Kind, name: string): string {
  return `/inbox?${new URLSearchParams({ [kind]: name }).toString()}`;
}

async function readRuns(
  client: Pages['client'],
  filter: Partial<Record<Kind, string>>,
): Promise<[FleetRun[], FleetRun[]]> {
  return await Promise.all([
    readFleet(client, filter, { which: 'open' }),
    readFleet(client, filter, { which: 'ended', most: MAX_ENDED }),
  ]);
}

async function readOverview(client: Pages['client']): Promise<Part[]> {
  const now = Date.now();
  const [open, ended] = await readRuns(client, {});
  const body = KINDS.map((kind) => {
    const named = [...open, ...ended].filter((run) => run[kind] !== undefined);
    const waiting = new Map(groupFleet(open, kind, now).map((sum) => [sum.name, sum]));
    const sums = groupFleet(named, kind, now);
    return html`<h2>${kind === 'team' ? 'Teams' : 'Campaigns'}</h2>${sums.length > 0 ? renderSums(kind, sums, waiting) : html`<p>None. A run names its own: <code>cox run --${kind} …</code></p>`}`;
  });
  return [{ id: 'groups', body: html`${body}${renderBound(ended)}` }];
}

function renderBound(ended: readonly FleetRun[]): Html {
  return ended.length < MAX_ENDED
    ? html``
    : html`<p class="terms">Of the runs that ended, the newest ${MAX_ENDED} are counted.</p>`;
}

function renderSums(kind: Kind, sums: readonly FleetSum[], open: ReadonlyMap<string, FleetSum>): Html {
  const rows = sums.map(({ name, runs, tokens, usd }) => {
    const now = open.get(name);
    return html`<tr><th scope="row"><a data-row href="${addressOf(kind, name)}">${asLine(name)}</a></th>
<td data-label="Open">${now?.runs ?? 0}</td><td data-label="Need you">${now?.waiting ?? 0}</td><td data-label="In trouble">${(now?.troubled ?? 0) + (now?.stalled ?? 0)}</td>
<td data-label="All runs">${runs}</td><td data-label="Spent">${showSpent({ tokens, usd })}</td></tr>`;
  });
  return html`<table><thead><tr><th scope="col">Name</th><th scope="col">Open</th><th scope="col">Need you</th><th scope="col">In trouble</th>
<th scope="col">All runs</th><th scope="col">Spent</th></tr></thead><tbody>${rows}</tbody></table>`;
}

async function readGroupParts(client: Pages['client'], kind: Kind, name: string): Promise<Part[]> {
  const now = Date.now();
  const [open, ended] = await readRuns(client, { [kind]: name });
  const all = [...open, ...ended];
  const ordered = [...open.filter(isWaiting), ...open.filter((run) => !isWaiting(run))];
  const body = html`${renderFacts(open, ended, now)}<h2>Spend over time</h2>
${renderSpendPlot(all.flatMap(spentOf), 'Each run counts with what its newest card says, at the moment of that card.')}
${open.length > 0 ? renderTable('Open', ordered, now) : ''}
${ended.length > 0 ? renderTable(`Ended, the newest ${Math.min(ended.length, MAX_LISTED)}`, ended.slice(0, MAX_LISTED), now) : ''}${renderBound(ended)}`;
  return [{ id: 'group', body }];
}

function spentOf({ card }: FleetRun): Spent[] {
  return card ? [{ at: card.at, ...card.spend }] : [];
}

function renderFacts(open: readonly FleetRun[], ended: readonly FleetRun[], now: number): Html {
  const { waiting, troubled, stalled } = sumFleet('', open, now);
  const { tokens, usd } = sumFleet('', [...open, ...ended], now);
  const tasks = [...open, ...ended].flatMap(({ card }) => card?.tasks ?? []);
  const done = tasks.reduce((sum, task) => sum + task.done, 0);
  const states = Map.groupBy(ended, ({ state }) => state);
  const ends = [...states].map(([state, runs]) => `${runs.length} ${asLine(state)}`).join(', ');
  const facts: [string, string][] = [
    ['Open', `${open.length}, of which ${waiting} need you, ${troubled} are in trouble, ${stalled} stand still`],
    ['Ended', ends || 'none'],
    ['Tasks', `${done} of ${tasks.reduce((sum, task) => sum + task.all, 0)} done`],
    ['Spent', `${showSpent({ tokens, usd })} in ${counted(open.length + ended.length, 'run')}`],
  ];
  return html`<dl class="facts">${facts.map(([word, fact]) => html`<dt>${word}</dt><dd>${fact}</dd>`)}</dl>`;
}
