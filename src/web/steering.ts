/**
 * The forms that guide a run or an agent: steer, change what was steered, pause, resume, and stop, which asks first.
 * Rule: none once it has ended. Where only a signed message counts, its form says so and how to sign.
 */
import { html } from 'hono/html';
import type { Receipt } from '../core/decisions/control.ts';
import { isPending, MAX_WORDS } from '../core/decisions/receipts.ts';
import type { DecisionRules } from '../core/policy/approvers.ts';
import { asLine } from '../core/text/lines.ts';
import { shellLine } from '../core/text/shell-line.ts';
import { hasEnded, nameOfAgent } from '../core/views/read-status.ts';
import { addressOf } from './address.ts';
import type { Desk } from './forms.ts';
import { renderForm } from './forms.ts';
import type { Html } from './layout.ts';
import { elementId, renderTime } from './layout.ts';

/** What is guided, and what policy requires of those who guide. */
export interface Guided {
  run: string;
  state: string;
  rules: DecisionRules;
}

const button = (label: string): Html => html`<button>${label}</button>`;

/** The forms that guide a run or an agent; none once it has ended. */
export function renderSteering(desk: Desk, { run, state, rules }: Guided): Html {
  if (hasEnded(state)) return html``;
  return html`<section aria-labelledby="steering"><h2 id="steering">Steer</h2>${renderForm(desk, {
    run,
    verb: 'steer',
    isOnce: true,
    example: { text: '…' },
    signing: { rules, words: ['steer', run, '…'] },
    inputs: html`<label for="steer-text">What the agents should hear</label><textarea id="steer-text" name="text" rows="2" required data-key="s"></textarea>
<label class="check"><input type="checkbox" name="interrupt" value="1">end the running call first</label>`,
    button: button('Steer'),
  })}<div class="answers">${renderForm(desk, { run, verb: 'pause', button: button('Pause') })}${renderForm(desk, { run, verb: 'resume', button: button('Resume') })}
<p><a class="button stop" href="${addressOf('stop', run)}">Stop…</a></p></div></section>`;
}

/** The steers that no model call has read: each can be taken back or said in other words. */
export function renderQueue(desk: Desk, { run, state, rules }: Guided, receipts: readonly Receipt[]): Html {
  const waiting = receipts.filter((receipt) => receipt.verb === 'steer' && isPending(receipt));
  if (waiting.length === 0 || hasEnded(state)) return html``;
  return html`<h2>Not read yet: ${waiting.length}</h2><ul class="receipts">${waiting.map((steer) => renderWaiting(desk, { run, rules }, steer))}</ul>`;
}

function renderWaiting(
  desk: Desk,
  { run, rules }: Pick<Guided, 'run' | 'rules'>,
  { id, by, at, text, detail }: Receipt,
): Html {
  // A receipt has the beginning of a long text only, and an edit replaces all of it.
  const isWhole = text !== undefined && text.length < MAX_WORDS;
  const field = `edit-${elementId(id)}`;
  const withdraw = renderForm(desk, {
    run,
    verb: 'withdraw',
    fixed: { steer: id },
    signing: { rules, words: ['withdraw', run, id] },
    button: button('Take it back'),
  });
  const edit = renderForm(desk, {
    run,
    verb: 'edit',
    fixed: { steer: id },
    example: { text: '…' },
    signing: { rules, words: ['edit', run, id, '…'] },
    inputs: html`<label for="${field}">In other words${isWhole ? '' : ', all of them: only its beginning is shown here'}</label>
<textarea id="${field}" name="text" rows="2" required>${isWhole ? text : ''}</textarea>`,
    button: button('Say this instead'),
  });
  return html`<li><q>${asLine(text ?? id)}</q> by ${asLine(by)}, ${renderTime(at)}: ${asLine(detail)}
<div class="answers">${edit}${withdraw}</div></li>`;
}

/** How a person takes an agent's files, which needs a working copy of theirs. */
export function renderTake(refactor: string, agent: string, state: string): Html {
  if (hasEnded(state)) return html``;
  const name = nameOfAgent(refactor, agent);
  return html`<section aria-labelledby="take"><h2 id="take">Take it</h2><p>In your working copy of the repository: this pauses the agent, and gives you its files as a worktree with its commits as a branch.</p>
<pre tabindex="0"><code>${shellLine(['cox', 'take', refactor, name])}</code></pre><p>Then, in that worktree, to hand your commits back:</p>
<pre tabindex="0"><code>${shellLine(['cox', 'give', refactor, name])}</code></pre></section>`;
}

/** Asks before a run is stopped. */
export function renderStop(desk: Desk, { run, rules }: Pick<Guided, 'run' | 'rules'>): Html {
  return html`<h1>Stop ${asLine(run)}?</h1><p>Its agents end, and nothing is delivered. What was done stays in the hub until its retention ends.</p>${renderForm(
    desk,
    {
      run,
      verb: 'stop',
      example: { reason: '…' },
      signing: { rules, words: ['stop', run, '…'] },
      inputs: html`<label for="reason">Why (may be empty)</label><textarea id="reason" name="reason" rows="2"></textarea>`,
      button: html`<button class="reject">Stop it</button>`,
    },
  )}<p><a href="${addressOf('run', run)}">No, go back</a></p>`;
}
