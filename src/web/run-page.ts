/**
 * The page of one run: what waits for a person first, then the plan, its agents, what was said and what was spent.
 * Rule: it only reads. Each part is replaced by itself while the page is open.
 */
import type { Client } from '@temporalio/client';
import { html } from 'hono/html';
import type { AgentNow } from '../client/agent-now.ts';
import { agentsNow } from '../client/agent-now.ts';
import { queryRun } from '../client/refactors.ts';
import type { Control } from '../core/decisions/control.ts';
import type { Plan } from '../core/plan.ts';
import { asLine, counted } from '../core/text/lines.ts';
import { showSpend } from '../core/views/details.ts';
import { hasEnded, nameOfAgent, rivalsOf } from '../core/views/read-status.ts';
import { rulesOf } from '../core/policy/decision-fields.ts';
import type { RefactorStatus } from '../core/views/status.ts';
import { refactorQueries } from '../workflows/messages.ts';
import { renderDoing } from './agent-page.ts';
import { readSubject, renderDecision } from './decision.ts';
import type { Desk } from './forms.ts';
import { renderForm } from './forms.ts';
import type { Guided } from './steering.ts';
import { renderQueue } from './steering.ts';
import type { Html, Part } from './layout.ts';
import { renderTime, safe } from './layout.ts';
import type { HubReader } from './hub-reader.ts';
import { renderReceipts } from './receipts.ts';
import { renderGraph, showTick } from './plan-graph.ts';
import { addressOf } from './address.ts';

export interface RunView {
  status: RefactorStatus;
  guided: Guided;
  parts: Part[];
}

/** Reads a run and lays out its parts. */
export async function readRun(client: Client, desk: Desk, reader: HubReader, id: string): Promise<RunView> {
  const [status, version, log, policy] = await Promise.all([
    queryRun(client, id, refactorQueries.status),
    queryRun(client, id, refactorQueries.plan),
    queryRun(client, id, refactorQueries.log),
    queryRun(client, id, refactorQueries.policy),
  ]);
  const guided = { run: id, state: status.state, rules: rulesOf(policy) };
  const [nows, plot] = await Promise.all([agentsNow(client, status), reader.spend(status)]);
  const plan = version?.plan;
  const decisions = await Promise.all(
    status.needs.map(async (need) => {
      const subject = await readSubject(reader, id, need, async () => await Promise.resolve(plan));
      return renderDecision(desk, id, { need, rivals: rivalsOf(status, need), subject });
    }),
  );
  return {
    status,
    guided,
    parts: [
      { id: 'state', body: renderState(status) },
      { id: 'needs', body: renderNeeds(decisions) },
      { id: 'queue', body: renderQueue(desk, guided, status.receipts) },
      { id: 'rivals', body: renderAllRivals(desk, guided, status) },
      { id: 'plan', body: renderPlan({ status, plan, nows }) },
      { id: 'spend', body: renderSpend(status, plot) },
      { id: 'receipts', body: renderReceipts(status.receipts) },
      { id: 'log', body: renderLog(log) },
    ],
  };
}

function renderState(status: RefactorStatus): Html {
  const { state, waitingFor, hold, trouble, paused, ended, repository, base, branch, isolation } = status;
  const wrong = Object.entries({ Holds: hold, Trouble: trouble, Paused: paused, Ended: ended ?? null });
  return html`<p class="state"><span class="tag">${asLine(state)}</span> ${waitingFor === null ? '' : `waits for ${asLine(waitingFor)}`}</p>
${wrong.map(([name, text]) => (text === null ? '' : html`<p class="wrong"><strong>${name}:</strong> ${asLine(text)}</p>`))}
<dl class="facts"><dt>Repository</dt><dd>${asLine(repository)}${base === null ? '' : ` at ${base.slice(0, 10)}`}</dd>
<dt>Branch</dt><dd>${asLine(branch)}</dd><dt>Isolation</dt><dd>${asLine(isolation)}</dd></dl>`;
}

function renderNeeds(decisions: readonly Html[]): Html {
  if (decisions.length === 0) return html`<h2>Waits for you</h2><p>Nothing.</p>`;
  return html`<h2>Waits for you: ${decisions.length}</h2>${decisions}`;
}

interface PlanView {
  status: RefactorStatus;
  plan: Plan | undefined;
  nows: ReadonlyMap<string, AgentNow>;
}

function renderPlan({ status, plan, nows }: PlanView): Html {
  const { tasks, agents = [] } = status;
  const rows = tasks.map(({ id, title, status: now, steps, trouble, agent }) => {
    const [mark, words] = showTick(now);
    const planned = plan?.tasks.find((task) => task.id === id);
    const told = planned?.instructions;
    const after = planned && planned.dependsOn.length > 0 ? `, after ${planned.dependsOn.map(asLine).join(', ')}` : '';
    const working = agents.filter(({ task }) => task === id).map((one) => one.id);
    const step = (agent === null ? undefined : nows.get(agent))?.status.step ?? steps;
    const own = new Set(agent === null ? working : [agent, ...working]);
    return html`<li class="task-row"><span class="tick" aria-hidden="true">${mark}</span> <strong>${asLine(id)}</strong> ${asLine(title)}
<span class="terms">${words}, ${counted(step, 'step')}${after}</span>${trouble ? html`<p class="wrong">${asLine(trouble)}</p>` : ''}
${told === undefined ? '' : html`<details id="told-${id}"><summary>Instructions of ${asLine(id)}</summary><pre tabindex="0">${safe(told)}</pre></details>`}
${[...own].map((one) => renderAgent(one, nows.get(one)))}</li>`;
  });
  const others = agents.filter(({ task }) => !tasks.some(({ id }) => id === task));
  return html`<h2>Plan</h2>${status.plan === null ? html`<p>None yet.</p>` : html`<p class="terms">${asLine(status.plan)}</p>`}
${plan && !hasEnded(status.state) ? html`<p><a href="${addressOf('plan', status.id)}">Change the plan…</a></p>` : ''}
${plan ? renderGraph(plan, status) : ''}<ol class="plan">${rows}</ol>${others.map(({ id }) => renderAgent(id, nows.get(id)))}`;
}

/** A part of its own, since that of the plan is replaced whenever an agent goes on, under the hands of who chooses. */
function renderAllRivals(desk: Desk, guided: Guided, { tasks, needs }: RefactorStatus): Html {
  // Whose work counts can be said before all of them have finished; after that a decision asks for it.
  const asked = needs.flatMap(({ kind, task }) => (kind === 'choice' ? [task] : []));
  const racing = tasks.filter(({ id, rivals = [] }) => rivals.length > 1 && !asked.includes(id));
  return html`${racing.map(({ id, rivals = [] }) => renderRivals(desk, guided, id, rivals))}`;
}

function renderRivals(desk: Desk, { run, rules }: Guided, task: string, rivals: readonly string[]): Html {
  const forms = rivals.map((agent) =>
    renderForm(desk, {
      run,
      verb: 'choose',
      fixed: { agent },
      signing: { rules, words: ['choose', run, nameOfAgent(run, agent)] },
      button: html`<button>Choose ${asLine(nameOfAgent(run, agent))} now</button>`,
    }),
  );
  return html`<h2>Rivals for ${asLine(task)}</h2><p>The work of one will count, the others are left aside.</p><div class="answers">${forms}</div>`;
}

function renderAgent(id: string, now: AgentNow | undefined): Html {
  return html`<div class="agent"><a data-row href="${addressOf('agent', id)}">${asLine(id)}</a>${now ? renderDoing(now) : ''}</div>`;
}

function renderSpend({ spend, tokens, evidence, notes }: RefactorStatus, plot: Html): Html {
  return html`<h2>Spend and evidence</h2><p>${showSpend(spend)}</p>${tokens ? html`<p class="terms">${asLine(tokens)}</p>` : ''}${plot}
<ul>${[...evidence, ...notes].map((line) => html`<li>${asLine(line)}</li>`)}</ul>`;
}

function renderLog(log: Control['log']): Html {
  const lines = log.toReversed().map(({ at, text }) => html`<li>${renderTime(at)} ${asLine(text)}</li>`);
  return html`<h2>What happened</h2><ul class="receipts">${lines}</ul>`;
}
