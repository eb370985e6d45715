/**
 * The page of one agent: what it does at this moment, what it was told, said and ran, and what it has changed.
 * Rule: it only reads. Words of models and output of commands are quoted, each line with a mark.
 */
import type { Client } from '@temporalio/client';
import { html } from 'hono/html';
import type { AgentNow } from '../client/agent-now.ts';
import { agentNow } from '../client/agent-now.ts';
import { queryRun } from '../client/refactors.ts';
import { rulesOf } from '../core/policy/decision-fields.ts';
import { showElapsed } from '../core/text/durations.ts';
import { asBlock, asLine } from '../core/text/lines.ts';
import { showSpend } from '../core/views/details.ts';
import { agentQueries } from '../workflows/messages.ts';
import { addressOf } from './address.ts';
import { renderDecision } from './decision.ts';
import type { Desk } from './forms.ts';
import type { Html, Part } from './layout.ts';
import type { HubReader } from './hub-reader.ts';
import { renderReceipts } from './receipts.ts';
import type { Guided } from './steering.ts';
import { renderQueue } from './steering.ts';

/** Reads an agent and lays out its parts. */
export async function readAgent(
  client: Client,
  desk: Desk,
  reader: HubReader,
  id: string,
): Promise<{ now: AgentNow; guided: Guided; parts: Part[] }> {
  const [now, policy] = await Promise.all([agentNow(client, id), queryRun(client, id, agentQueries.policy)]);
  const { state, needs, spend, receipts, evidence } = now.status;
  const guided = { run: id, state, rules: rulesOf(policy) };
  const { diff, steps, conversation } = await reader.agent(now);
  const decisions = needs.map((need) => renderDecision(desk, id, { need, rivals: [] }));
  return {
    now,
    guided,
    parts: [
      { id: 'state', body: renderNow(now) },
      { id: 'needs', body: needs.length === 0 ? html`` : html`<h2>Waits for you: ${needs.length}</h2>${decisions}` },
      { id: 'queue', body: renderQueue(desk, guided, receipts) },
      { id: 'changes', body: html`<h2>What it has changed</h2>${diff}` },
      { id: 'steps', body: html`<h2>Steps</h2>${steps}` },
      { id: 'conversation', body: html`<h2>Conversation</h2>${conversation}` },
      {
        id: 'spend',
        body: html`<h2>Spend and evidence</h2><p>${showSpend(spend)}</p><ul>${evidence.map((line) => html`<li>${asLine(line)}</li>`)}</ul>`,
      },
      { id: 'receipts', body: renderReceipts(receipts) },
    ],
  };
}

function renderNow({ status, activity }: AgentNow): Html {
  const { state, step, maxSteps, task, refactor, hold, trouble, paused } = status;
  const wrong = Object.entries({ Holds: hold, Trouble: trouble, Paused: paused });
  return html`<p class="state"><span class="tag">${asLine(state)}</span> step ${step} of ${maxSteps}, task ${asLine(task)}${
    refactor ? html` of <a href="${addressOf('run', refactor)}">${asLine(refactor)}</a>` : ''
  }</p>
${wrong.map(([name, text]) => (text === null ? '' : html`<p class="wrong"><strong>${name}:</strong> ${asLine(text)}</p>`))}
${renderDoing({ status, activity })}`;
}

/** What it does at this moment, with the last lines of output. */
export function renderDoing({ status, activity }: AgentNow): Html {
  const { live } = activity ?? {};
  if (!activity || !live) return html`<p class="doing">${asLine(status.doing ?? 'It has ended.')}</p>`;
  const does = live.command === undefined ? activity.type : `$ ${live.command}`;
  const limit = live.limitMs === undefined ? '' : ` of at most ${showElapsed(live.limitMs)}`;
  return html`<p class="doing"><code>${asLine(does)}</code> <span class="terms">${showElapsed(live.elapsedMs)}${limit}</span></p>
${live.tail === '' ? '' : html`<pre tabindex="0">${asBlock(live.tail, '')}</pre>`}`;
}
