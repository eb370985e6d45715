/**
 * What people sent to a run or an agent, and what became of each message.
 * Rule: the newest first, each with the words that were sent.
 */
import { html } from 'hono/html';
import type { Receipt } from '../core/decisions/control.ts';
import { asLine } from '../core/text/lines.ts';
import type { Html } from './layout.ts';
import { renderTime } from './layout.ts';

export function renderReceipts(receipts: readonly Receipt[]): Html {
  const rows = receipts
    .toReversed()
    .map(
      ({ verb, by, at, state, detail, text }) =>
        html`<li><span class="tag ${state}">${state}</span> ${renderTime(at)} <strong>${asLine(verb)}</strong> by ${asLine(by)}${text === undefined ? '' : html` <q>${asLine(text)}</q>`}: ${asLine(detail)}</li>`,
    );
  return html`<h2>What was said</h2>${rows.length === 0 ? html`<p>Nothing yet.</p>` : html`<ul class="receipts">${rows}</ul>`}`;
}
