/**
 * The page of one step of an agent, whole, from which the agent can be taken back to it, or a second one be started.
 * Rule: what changes an agent is asked for here only, beside what the step did.
 */
import type { Hono } from 'hono';
import { html } from 'hono/html';
import { agentNow } from '../client/agent-now.ts';
import { queryRun } from '../client/refactors.ts';
import { rulesOf } from '../core/policy/decision-fields.ts';
import type { DecisionRules } from '../core/policy/approvers.ts';
import { asLine } from '../core/text/lines.ts';
import { hasEnded } from '../core/views/read-status.ts';
import type { AgentStatus } from '../core/views/status.ts';
import { agentQueries } from '../workflows/messages.ts';
import { addressOf } from './address.ts';
import type { Visitor } from './door.ts';
import type { Desk } from './forms.ts';
import { renderForm } from './forms.ts';
import type { Html } from './layout.ts';
import type { Pages } from './pages.ts';
import { idOf } from './pages.ts';

/** The page of one step. */
export function addStepPage(app: Hono<Visitor>, { client, reader, deskOf, show }: Pages): void {
  app.get('/step', async (visit) => {
    const id = idOf(visit);
    const step = Number(visit.req.query('step'));
    const [now, policy] = await Promise.all([agentNow(client, id), queryRun(client, id, agentQueries.policy)]);
    const title = `Step ${step} of ${id}`;
    const forms = renderReturn(deskOf(visit), now.status, { step, rules: rulesOf(policy) });
    const body = html`<h1>${asLine(title)}</h1><p><a href="${addressOf('agent', id)}">All of ${asLine(id)}</a></p>
${forms}<h2>What happened</h2>${await reader.step(now, step)}`;
    return await show(visit, title, body);
  });
}

/** The forms that take an agent back to a step, or start a second one from it. */
function renderReturn(
  desk: Desk,
  { id, state, kind, checkpoints }: AgentStatus,
  { step, rules }: { step: number; rules: DecisionRules },
): Html {
  if (hasEnded(state)) return html`<p>The agent has ended, so it can't be taken back to this step.</p>`;
  const to = checkpoints.findLast((one) => one.step === step)?.head;
  if (to === undefined)
    return html`<p>The agent can't be taken back to this step: it knows its newest ${checkpoints.length} checkpoints only.</p>`;
  const words = ['--to', String(step)];
  const rewind = renderForm(desk, {
    run: id,
    verb: 'rewind',
    fixed: { to },
    signing: { rules, words: ['rewind', id, String(step)] },
    inputs: html`<p>Files and conversation go back to the end of this step, and the agent goes on from there. What came after stays in the hub.</p>`,
    button: html`<button class="reject">Go back to step ${step}</button>`,
  });
  // A planner's plan is rejected with a note instead.
  const fork = renderForm(desk, {
    run: id,
    verb: 'fork',
    fixed: { to },
    isOnce: true,
    signing: { rules, words: ['fork', id, ...words] },
    inputs: html`<p>A second agent starts from the end of this step, once the running call has ended. Both go on until you choose one.</p>
<label for="fork-text">What the second one is told (may be empty)</label><textarea id="fork-text" name="text" rows="2"></textarea>`,
    button: html`<button>Fork from step ${step}</button>`,
  });
  return html`<div class="answers">${rewind}${kind === 'plan' ? '' : fork}</div>`;
}
