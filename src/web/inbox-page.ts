/**
 * The inbox: all that waits for a person over all runs, the most urgent first, alike decisions as one.
 * Rule: it groups and decides by the same functions as `cox inbox`. Nothing is decided that was not shown.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { GroupReply, GroupResult, Inbox, ItemKey } from '../client/inbox.ts';
import { decideGroup, describeCount, describeResults, lookAtItem, readInbox } from '../client/inbox.ts';
import { overAll } from '../client/over-all.ts';
import { queryRun } from '../client/refactors.ts';
import type { Plan } from '../core/plan.ts';
import { asLine } from '../core/text/lines.ts';
import type { InboxGroup } from '../core/views/inbox.ts';
import { HOLD } from '../core/views/inbox.ts';
import { rivalsOf } from '../core/views/read-status.ts';
import { refactorQueries, updates } from '../workflows/messages.ts';
import type { Visitor } from './door.ts';
import { readFormField } from './act.ts';
import { readSubject } from './decision.ts';
import type { GroupView } from './group.ts';
import { renderGroup, renderGroupRow } from './group.ts';
import type { Html, Part, Told } from './layout.ts';
import { readFilter, renderFilter } from './list-page.ts';
import type { Pages, Visit } from './pages.ts';
import { renderParts } from './pages.ts';

/** Groups that are shown whole: more than a person decides between two looks. The others are rows. */
const MAX_WHOLE = 6;
const MAX_ROWS = 300;
/** Items of a group whose own difference is shown. */
const MAX_SUBJECTS = 6;
/** A card is a moment older than its run: so many decided items are skipped to find one that is open. */
const MAX_TRIES = 3;
/** A run with a worker answers in less, also on a busy machine; without one the page would wait for long. */
const ASK_MS = 10_000;

/** The inbox's addresses. */
export function addInboxPage(app: Hono<Visitor>, pages: Pages): void {
  const { show, client, deskOf, keep } = pages;
  pages.live.set('inbox', async (visit) => await readParts(pages, visit));
  app.get('/inbox', async (visit) => {
    const filter = readFilter(visit.req.query());
    const parts = await renderParts(await readParts(pages, visit));
    const live = `/live?${new URLSearchParams({ ...visit.req.query(), page: 'inbox' }).toString()}`;
    const head = html`<h1>Inbox</h1>${renderFilter(filter, '/inbox', ['team', 'campaign', 'repository'])}`;
    return await show(visit, 'Inbox', html`${head}${parts}`, live);
  });
  app.post('/decide', async (visit) => {
    const form = await visit.req.parseBody({ all: true });
    const told = keep(await decide({ client, by: deskOf(visit).user }, form));
    const back = new URLSearchParams(typeof form['back'] === 'string' ? form['back'] : '');
    back.set('told', told);
    return visit.redirect(`/inbox?${back.toString()}`, 303);
  });
}

async function readParts(pages: Pages, visit: Visit): Promise<Part[]> {
  const query = visit.req.query();
  const now = Date.now();
  const inbox = await readInbox(pages.client, readFilter(query), now);
  const { groups } = inbox;
  const at = groups.filter(({ alike }) => alike === query['at']);
  const ordered = [...at, ...groups.filter((group) => !at.includes(group))];
  const views = await overAll(ordered.slice(0, MAX_WHOLE), async (group) => await readGroup(pages, group));
  const { told: _told, at: _at, ...kept } = query;
  const addressOfGroup = (alike: string): string => `/inbox?${new URLSearchParams({ ...kept, at: alike }).toString()}`;
  const back = new URLSearchParams(kept).toString();
  const desk = pages.deskOf(visit);
  const rest = ordered.slice(MAX_WHOLE);
  const rows = rest.slice(0, MAX_ROWS).map((group) => renderGroupRow(group, addressOfGroup(group.alike), now));
  const body = html`<p class="sum">${describeCount(inbox.items, groups.length, inbox)}</p>
${views.some(Boolean) ? html`<h2>Most urgent</h2>` : ''}${views.map((view) => (view ? renderGroup(desk, view, back) : ''))}${renderUnasked(inbox)}
${rows.length > 0 ? renderRest(rows, rest.length) : ''}`;
  return [{ id: 'needs', body }];
}

function renderRest(rows: readonly Html[], count: number): Html {
  const left = count - rows.length;
  return html`<h2>Less urgent: ${count}</h2><table><thead><tr><th scope="col">What</th><th scope="col">Risk</th>
<th scope="col">Age</th><th scope="col">Runs</th></tr></thead><tbody>${rows}</tbody></table>${left > 0 ? html`<p>${left} more: narrow the list.</p>` : ''}`;
}

function renderUnasked({ unasked, items }: Inbox): Html {
  if (items + unasked.length === 0) return html`<p>Nothing waits for you.</p>`;
  return html`${unasked.map((id) => html`<p class="wrong">${asLine(id)} waits, but no worker answers for it.</p>`)}`;
}

/** A group with what its runs show of it now; undefined if all was decided meanwhile. */
async function readGroup({ client, reader }: Pages, group: InboxGroup): Promise<GroupView | undefined> {
  if (group.kind === HOLD) return { group, need: undefined, rivals: [], subjects: [] };
  for (const [index, item] of group.items.slice(0, MAX_TRIES).entries()) {
    const late = wait(ASK_MS, 'silent' as const, { ref: false });
    const look = await Promise.race([lookAtItem(client, item), late]).catch(() => 'silent' as const);
    if (look === 'silent') return { group, need: undefined, rivals: [], subjects: [], isSilent: true };
    if (!look) continue;
    const open = { ...group, items: group.items.slice(index) };
    // A plan is the same in all of them, byte by byte; of other kinds the differences can differ.
    const own = open.items.slice(0, look.need.kind === 'plan' || look.need.kind === 'question' ? 1 : MAX_SUBJECTS);
    const subjects = await overAll(own, async (one) => {
      const there = one === item ? look : await lookAtItem(client, one).catch(() => undefined);
      const readPlan = async (): Promise<Plan | undefined> =>
        (await queryRun(client, one.run, refactorQueries.plan))?.plan;
      return there && (await readSubject(reader, one.run, there.need, readPlan));
    });
    return { group: open, need: look.need, rivals: rivalsOf(look.status, look.need), subjects };
  }
  return undefined;
}

/** What the fields of each answer are called. */
const ANSWERS = {
  approve: { update: updates.approve, fields: ['leaveOut'] },
  reject: { update: updates.reject, fields: ['note'] },
  answer: { update: updates.answer, fields: ['text'] },
  choose: { update: updates.choose, fields: [] },
  resume: { update: updates.resume, fields: [] },
} as const satisfies Record<string, { update: GroupReply['update']; fields: readonly string[] }>;

/** Sends the answer of a group's form to each decision that it names, in the name of `by`. */
async function decide(
  { client, by }: { client: Pages['client']; by: string },
  form: Readonly<Record<string, unknown>>,
): Promise<Told> {
  const [verb = '', ...words] = typeof form['verb'] === 'string' ? form['verb'].split(' ') : [];
  const items = [form['item'] ?? []].flat().flatMap(readItem);
  const shown = typeof form['shown'] === 'string' ? form['shown'] : '';
  // What holds has no digest, so it is resumed and nothing else.
  const isFit =
    items.every(({ kind }) => (kind === HOLD) === (verb === 'resume')) && (verb === 'resume' || shown !== '');
  if (!Object.hasOwn(ANSWERS, verb) || items.length === 0 || !isFit)
    return { kind: 'refused', text: 'nothing was decided: no decision was ticked, or this form is not of this page' };
  const { update, fields } = ANSWERS[verb as keyof typeof ANSWERS];
  const agent = verb === 'choose' ? { agent: words.join(' ') } : {};
  const said = { ...Object.fromEntries(fields.flatMap((name) => readFormField(name, form[name]))), ...agent };
  const reply: GroupReply = { update, fields: said };
  const results = await decideGroup(client, { items, shown: verb === 'resume' ? undefined : shown, reply, by });
  return { kind: isGood(results) ? 'ok' : 'refused', text: `${verb}: ${showAll(results)}` };
}

function isGood(results: readonly GroupResult[]): boolean {
  return results.every(({ kind }) => kind === 'applied' || kind === 'forwarded');
}

function showAll(results: readonly GroupResult[]): string {
  return describeResults(results)
    .map(({ text, runs }) => `${asLine(text)} (${runs.map(asLine).join(', ')})`)
    .join('; ');
}

/** A decision that a form names; none if it is not one of ours. */
function readItem(value: unknown): ItemKey[] {
  try {
    const read = Object(JSON.parse(String(value))) as Record<string, unknown>;
    const { run, id, kind, digest, alike, owner } = read;
    const texts = [run, id, kind, digest, alike, owner ?? ''];
    if (!texts.every((text) => typeof text === 'string')) return [];
    return [{ run, id, kind, digest, alike, ...(owner === undefined ? {} : { owner }) } as ItemKey];
  } catch {
    return [];
  }
}
