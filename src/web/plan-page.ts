/**
 * The form that changes a plan: each task with its fields, and room for one more.
 * Rule: the new plan names the version that it replaces. Where it is refused, what was typed stays.
 */
import type { Hono } from 'hono';
import { html } from 'hono/html';
import { ClientFailure } from '../client/client-failure.ts';
import { isAgentId } from '../client/find-run.ts';
import { queryRun, sendVerb } from '../client/refactors.ts';
import type { MessageFields } from '../core/decisions/messages.ts';
import { mustSign } from '../core/decisions/orders.ts';
import type { Plan, Task } from '../core/plan.ts';
import { DEFAULT_TASK_STEPS } from '../core/plan.ts';
import { rulesOf } from '../core/policy/decision-fields.ts';
import { asLine } from '../core/text/lines.ts';
import { refactorQueries, updates } from '../workflows/messages.ts';
import { readFormText } from './act.ts';
import { addressOf } from './address.ts';
import type { Visitor } from './door.ts';
import type { Desk } from './forms.ts';
import { renderSigned, temporalLine } from './forms.ts';
import type { Html } from './layout.ts';
import { renderCommand } from './layout.ts';
import type { Pages } from './pages.ts';
import { idOf } from './pages.ts';

/** A task as it is typed: its fields as texts, and the id that it had. */
const FIELDS = ['was', 'id', 'title', 'instructions', 'paths', 'checks', 'dependsOn', 'maxSteps'] as const;
type Typed = Record<(typeof FIELDS)[number], string> & { drop: boolean };

interface Draft {
  version: number;
  summary: string;
  tasks: Typed[];
}

/** The page with the form, and what it sends. */
export function addPlanPage(app: Hono<Visitor>, { client, deskOf, show, keep }: Pages): void {
  const read = async (id: string): Promise<{ version: number; plan: Plan }> => {
    if (isAgentId(id)) throw new ClientFailure('bad-input', `${id} is an agent: its refactor has the plan`);
    const version = await queryRun(client, id, refactorQueries.plan);
    if (!version) throw new ClientFailure('failed', `${id} has no plan yet`);
    return version;
  };
  app.get('/plan', async (visit) => {
    const id = idOf(visit);
    const [{ version, plan }, policy] = await Promise.all([read(id), queryRun(client, id, refactorQueries.policy)]);
    const head = html`<h1>Change the plan of ${asLine(id)}</h1>`;
    const isSigned = mustSign('revisePlan', {}, rulesOf(policy));
    const signed = html`${head}${renderSigned('revisePlan', ['revise-plan', id, 'plan.json', '--plan-version', String(version)])}`;
    const draft = { version, summary: plan.summary, tasks: plan.tasks.map(toTyped) };
    const body = isSigned ? signed : html`${head}${renderDraft(deskOf(visit), id, draft, plan)}`;
    return await show(visit, 'Plan', body);
  });
  app.post('/plan', async (visit) => {
    const form = await visit.req.parseBody();
    const desk = deskOf(visit);
    const id = readFormText(form['run']);
    const draft = readDraft(form);
    const { plan } = await read(id);
    const message = { version: draft.version, plan: toPlan(draft, plan), by: desk.user } as MessageFields<'revisePlan'>;
    const { kind, detail } = await sendVerb(client, id, updates.revisePlan, message).catch((error: unknown) => {
      if (error instanceof ClientFailure) return { kind: 'refused' as const, detail: error.message };
      throw error;
    });
    if (kind !== 'refused') {
      const told = keep({ kind: 'ok', text: `revisePlan: ${detail}` });
      return visit.redirect(addressOf('run', id, { told }), 303);
    }
    const body = html`<h1>Change the plan of ${asLine(id)}</h1>${renderDraft(desk, id, draft, plan)}`;
    return await show(visit, 'Plan', body, undefined, { kind: 'refused', text: `revisePlan refused: ${detail}` });
  });
}

function toTyped({ id, title, instructions, paths, checks, dependsOn, maxSteps }: Task): Typed {
  return {
    was: id,
    id,
    title,
    instructions,
    paths: paths.join('\n'),
    checks: checks.join('\n'),
    dependsOn: dependsOn.join(', '),
    maxSteps: String(maxSteps),
    drop: false,
  };
}

const EMPTY: Typed = {
  ...(Object.fromEntries(FIELDS.map((name) => [name, ''])) as Record<(typeof FIELDS)[number], string>),
  maxSteps: String(DEFAULT_TASK_STEPS),
  drop: false,
};

function renderDraft(desk: Desk, run: string, { version, summary, tasks }: Draft, plan: Plan): Html {
  // Always room for one more.
  const rows = [...tasks.filter(isMeant), EMPTY];
  return html`<form method="post" action="/plan" class="act"><button disabled hidden></button>
<input type="hidden" name="form" value="${desk.formKey}"><input type="hidden" name="run" value="${run}">
<input type="hidden" name="version" value="${version}"><input type="hidden" name="tasks" value="${rows.length}">
<p>This replaces version ${version}. The new plan waits for its decision before agents work on it.
A path or a check is one line.</p>
<label for="summary">Summary</label><textarea id="summary" name="summary" rows="2" required>${summary}</textarea>
${rows.map(renderTyped)}<button class="approve">Ask for this plan</button>
${renderCommand([temporalLine(desk, run, 'revisePlan', { version, plan })])}</form>
<p><a href="${addressOf('run', run)}">No, go back</a></p>`;
}

function renderTyped(task: Typed, index: number): Html {
  const field = (name: (typeof FIELDS)[number], label: string, rows?: number): Html => {
    const id = `task-${index}-${name}`;
    const input =
      rows === undefined
        ? html`<input id="${id}" name="${id}" value="${task[name]}" autocomplete="off">`
        : html`<textarea id="${id}" name="${id}" rows="${rows}">${task[name]}</textarea>`;
    return html`<label for="${id}">${label}</label>${input}`;
  };
  const drop = html`<label class="check"><input type="checkbox" name="task-${index}-drop" value="1" ${task.drop ? 'checked' : ''}>leave this task out</label>`;
  return html`<fieldset class="decision"><legend>${task.id === '' ? 'One more task' : asLine(task.id)}</legend>
<input type="hidden" name="task-${index}-was" value="${task.was}">
${field('id', 'Id')}${field('title', 'Title')}${field('instructions', 'Instructions', 5)}${field('paths', 'Paths', 2)}
${field('checks', 'Checks', 2)}${field('dependsOn', 'After these tasks')}${field('maxSteps', 'Most steps')}${task.was === '' ? '' : drop}</fieldset>`;
}

function isMeant({ was, id, title, instructions }: Typed): boolean {
  return [was, id, title, instructions].some((text) => text !== '');
}

/** What was typed. */
function readDraft(form: Readonly<Record<string, unknown>>): Draft {
  const text = (name: string): string => readFormText(form[name]);
  const count = Math.min(Number(text('tasks')) || 0, 1000);
  const tasks = Array.from({ length: count }, (_, index): Typed => {
    const fields = FIELDS.map((name) => [name, text(`task-${index}-${name}`)] as const);
    return { ...EMPTY, ...Object.fromEntries(fields), drop: text(`task-${index}-drop`) !== '' };
  });
  return { version: Number(text('version')), summary: text('summary'), tasks };
}

/** The plan that was typed; a task keeps what the form has no field for. What does not fit is the run's to refuse. */
function toPlan({ summary, tasks }: Draft, before: Plan): object {
  const known = new Map(before.tasks.map((task) => [task.id, task]));
  const list = (text: string, by: string | RegExp): string[] =>
    text
      .split(by)
      .map((one) => one.trim())
      .filter((one) => one !== '');
  const meant = tasks.filter((task) => isMeant(task) && !task.drop);
  const typed = meant.map(({ was, id, title, instructions, paths, checks, dependsOn, maxSteps }) => ({
    ...known.get(was),
    id: id.trim(),
    title,
    instructions,
    paths: list(paths, '\n'),
    checks: list(checks, '\n'),
    dependsOn: list(dependsOn, /[\s,]+/),
    maxSteps: Number(maxSteps),
  }));
  return { summary, tasks: typed };
}
