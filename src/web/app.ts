/**
 * The pages and what they send: which address shows what, to whom, with which headers.
 * Rule: no page loads anything from another host, and no script or style runs but our two files.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { html } from 'hono/html';
import { secureHeaders } from 'hono/secure-headers';
import { streamSSE } from 'hono/streaming';
import { ClientFailure } from '../client/client-failure.ts';
import { asLine } from '../core/text/lines.ts';
import type { HubSettings } from '../git/remote/hub-store.ts';
import { queryRun } from '../client/refactors.ts';
import { isAgentId } from '../client/find-run.ts';
import { OPEN_RULES } from '../core/policy/approvers.ts';
import { rulesOf } from '../core/policy/decision-fields.ts';
import { refactorQueries, runQueries } from '../workflows/messages.ts';
import { act } from './act.ts';
import { readAgent } from './agent-page.ts';
import type { DoorSettings, Visitor } from './door.ts';
import { guardDoor } from './door.ts';
import type { Desk } from './forms.ts';
import type { Part, Told } from './layout.ts';
import { digestPart, renderPage, safe } from './layout.ts';
import { listRuns, readFilter, renderFilter } from './list-page.ts';
import { createHubReader } from './hub-reader.ts';
import { readRun } from './run-page.ts';
import { renderSteering, renderStop, renderTake } from './steering.ts';
import { addStepPage } from './step-page.ts';
import { addPlanPage } from './plan-page.ts';
import { ICON, SCRIPT, STYLE } from './assets.ts';
import { addressOf } from './address.ts';
import { addInboxPage } from './inbox-page.ts';
import { addGroupPages } from './group-page.ts';
import type { Pages, Visit } from './pages.ts';
import { idOf, renderParts } from './pages.ts';

export interface AppSettings {
  client: Client;
  /** Of Temporal, for the commands that pages show. */
  address: string;
  hub: HubSettings;
  door: DoorSettings;
}

/** Longer than any message with all its fields. */
const MAX_BODY_BYTES = 200_000;
/** Between two looks at what a page shows. */
const LOOK_MS = 2000;
/** Results of messages that no page has shown yet. */
const MAX_TOLD = 100;

/** The server's pages. */
export function createApp({ client, address, hub, door }: AppSettings): Hono<Visitor> {
  const reader = createHubReader(client, hub);
  const told = new Map<string, Told>();
  const app = new Hono<Visitor>();
  const deskOf = (visit: Visit): Desk => ({
    address,
    namespace: client.options.namespace,
    user: visit.get('user'),
    formKey: visit.get('formKey'),
  });
  const show: Pages['show'] = async (visit, title, body, live, said) => {
    const key = visit.req.query('told') ?? '';
    const page = renderPage({ title, body, user: visit.get('user'), live, told: said ?? told.get(key) });
    told.delete(key);
    return await visit.html(page);
  };
  app.use(headers, async (visit, next) => {
    await next();
    visit.header('Cache-Control', 'no-store');
  });
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES }), guardDoor(door));
  app.onError((error, visit) =>
    visit.text(`coxswain: ${describe(error)}\n`, error instanceof ClientFailure ? 404 : 500),
  );
  app.get('/style.css', (visit) => visit.body(STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  app.get('/page.js', (visit) => visit.body(SCRIPT, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }));
  app.get('/icon.svg', (visit) => visit.body(ICON, 200, { 'Content-Type': 'image/svg+xml' }));

  const keep = (result: Told): string => {
    const key = randomUUID();
    told.set(key, result);
    for (const old of [...told.keys()].slice(0, -MAX_TOLD)) told.delete(old);
    return key;
  };
  const pages: Pages = { client, reader, deskOf, show, keep, live: new Map() };
  addList(app, pages);
  addInboxPage(app, pages);
  addGroupPages(app, pages);
  addRunPages(app, pages);
  addStepPage(app, pages);
  addPlanPage(app, pages);
  app.get('/live', (visit) => {
    const read = pages.live.get(visit.req.query('page') ?? '');
    return read ? streamParts(visit, async () => await read(visit)) : visit.notFound();
  });
  app.post('/act', async (visit) => {
    const form = await visit.req.parseBody();
    const key = keep(await act(client, form, visit.get('user')));
    const { run } = form;
    return visit.redirect(
      typeof run === 'string' ? addressOf(isAgentId(run) ? 'agent' : 'run', run, { told: key }) : '/',
      303,
    );
  });
  return app;
}

/** The page of all runs. */
function addList(app: Hono<Visitor>, { client, show, live }: Pages): void {
  live.set('list', async (visit) => await listRuns(client, readFilter(visit.req.query())));
  app.get('/', async (visit) => {
    const filter = readFilter(visit.req.query());
    const parts = await renderParts(await listRuns(client, filter));
    const address = `/live?${new URLSearchParams({ ...visit.req.query(), page: 'list' }).toString()}`;
    return await show(visit, 'Runs', html`<h1>Runs</h1>${renderFilter(filter, '/')}${parts}`, address);
  });
}

/** The pages of one run and of one agent. */
function addRunPages(app: Hono<Visitor>, { client, reader, deskOf, show, live }: Pages): void {
  live.set('run', async (visit) => (await readRun(client, deskOf(visit), reader, idOf(visit))).parts);
  live.set('agent', async (visit) => (await readAgent(client, deskOf(visit), reader, idOf(visit))).parts);
  app.get('/run', async (visit) => {
    const id = idOf(visit);
    const desk = deskOf(visit);
    const { status, guided, parts } = await readRun(client, desk, reader, id);
    const [state, needs, ...rest] = await renderParts(parts);
    const links = html`<p><a href="${addressOf('report', id)}">Report</a></p>`;
    const head = html`<h1>${asLine(id)}</h1><p class="goal">${asLine(status.goal)}</p>`;
    const body = html`${head}${state}${needs}${renderSteering(desk, guided)}${rest}${links}`;
    return await show(visit, id, body, addressOf('live', id, { page: 'run' }));
  });
  app.get('/agent', async (visit) => {
    const id = idOf(visit);
    const desk = deskOf(visit);
    const { now, guided, parts } = await readAgent(client, desk, reader, id);
    const [state, needs, ...rest] = await renderParts(parts);
    const { refactor, state: stands } = now.status;
    const take = refactor ? renderTake(refactor, id, stands) : '';
    const body = html`<h1>${asLine(id)}</h1>${state}${needs}${renderSteering(desk, guided)}${rest}${take}`;
    return await show(visit, id, body, addressOf('live', id, { page: 'agent' }));
  });
  app.get('/report', async (visit) => {
    const id = idOf(visit);
    const report = await queryRun(client, id, refactorQueries.report);
    return await show(visit, 'Report', html`<h1>Report of ${asLine(id)}</h1><pre tabindex="0">${safe(report)}</pre>`);
  });
  app.get('/stop', async (visit) => {
    const run = idOf(visit);
    // A stop needs no worker; without one nobody says what policy requires, and the run refuses what it has to.
    const rules = await queryRun(client, run, runQueries.policy).then(rulesOf, () => OPEN_RULES);
    return await show(visit, 'Stop', renderStop(deskOf(visit), { run, rules }));
  });
}

const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    styleSrc: ["'self'"],
    scriptSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  // With no-referrer, browsers would send no origin with our own forms.
  referrerPolicy: 'same-origin',
  xFrameOptions: 'DENY',
  // It is for whoever serves this by TLS to say.
  strictTransportSecurity: false,
});

/** Sends each part when it has changed, until the page is closed. */
function streamParts(visit: Visit, read: () => Promise<Part[]>): Response {
  return streamSSE(visit, async (stream) => {
    const sent = new Map<string, string>();
    while (!stream.aborted && !stream.closed) {
      // A run that does not answer now may do so at the next look.
      for (const { id, body } of await read().catch(() => [])) {
        const digest = await digestPart(body);
        if (sent.get(id) === digest) continue;
        sent.set(id, digest);
        await stream.writeSSE({ event: 'part', data: JSON.stringify({ id, digest, body: String(await body) }) });
      }
      await wait(LOOK_MS);
    }
  });
}

function describe(error: unknown): string {
  return asLine(error instanceof Error ? error.message : String(error));
}
