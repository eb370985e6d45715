/**
 * The forms that guide a run or an agent: steer, pause, resume, and stop, which asks first.
 * Rule: none once it has ended.
 */
import { html } from 'hono/html';
import { asLine } from '../core/text/lines.ts';
import { hasEnded } from '../core/views/read-status.ts';
import { addressOf } from './address.ts';
import type { Desk } from './forms.ts';
import { renderForm } from './forms.ts';
import type { Html } from './layout.ts';

/** The forms that guide a run or an agent; none once it has ended. */
export function renderSteering(desk: Desk, run: string, state: string): Html {
  if (hasEnded(state)) return html``;
  const button = (label: string): Html => html`<button>${label}</button>`;
  return html`<section aria-labelledby="steering"><h2 id="steering">Steer</h2>${renderForm(desk, {
    run,
    verb: 'steer',
    isOnce: true,
    example: { text: '…' },
    inputs: html`<label for="steer-text">What the agents should hear</label><textarea id="steer-text" name="text" rows="2" required data-key="s"></textarea>
<label class="check"><input type="checkbox" name="interrupt" value="1">end the running call first</label>`,
    button: button('Steer'),
  })}<div class="answers">${renderForm(desk, { run, verb: 'pause', button: button('Pause') })}${renderForm(desk, { run, verb: 'resume', button: button('Resume') })}
<p><a class="button stop" href="${addressOf('stop', run)}">Stop…</a></p></div></section>`;
}

/** Asks before a run is stopped. */
export function renderStop(desk: Desk, run: string): Html {
  return html`<h1>Stop ${asLine(run)}?</h1><p>Its agents end, and nothing is delivered. What was done stays in the hub until its retention ends.</p>${renderForm(
    desk,
    {
      run,
      verb: 'stop',
      example: { reason: '…' },
      inputs: html`<label for="reason">Why (may be empty)</label><textarea id="reason" name="reason" rows="2"></textarea>`,
      button: html`<button class="reject">Stop it</button>`,
    },
  )}<p><a href="${addressOf('run', run)}">No, go back</a></p>`;
}
