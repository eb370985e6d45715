/**
 * A decision that waits for a person: what it is about, what each answer does, and the forms that answer it.
 * Rule: what is sent names the digest of what is shown. Where only signed decisions count, there is no form.
 */
import { html } from 'hono/html';
import type { Plan } from '../core/plan.ts';
import { asLine } from '../core/text/lines.ts';
import { shellLine } from '../core/text/shell-line.ts';
import type { InboxItem } from '../core/views/inbox.ts';
import type { NeedView } from '../core/views/status.ts';
import type { Desk } from './forms.ts';
import { renderForm } from './forms.ts';
import type { HubReader } from './hub-reader.ts';
import type { Html } from './layout.ts';
import { elementId, renderCommand, renderTime, safe } from './layout.ts';

/** A decision with what belongs to it on its run's page. */
export interface DecisionView {
  need: NeedView;
  /** The agents of which one is chosen. */
  rivals: readonly string[];
  /** What it is about, beside its words: a plan's tasks, a difference. */
  subject?: Html | undefined;
}

/** One decision, whole. */
export function renderDecision(desk: Desk, run: string, { need, rivals, subject }: DecisionView): Html {
  const { id, kind, about, risk, openedAt } = need;
  return html`<article class="decision risk-${risk}" aria-labelledby="${anchorOf(need)}">
<h3 id="${anchorOf(need)}" tabindex="-1" data-row>${asLine(id)} <span class="tag risk">${risk} risk</span></h3>
<p class="terms">${kind === 'question' ? 'asked' : 'open'} since ${renderTime(openedAt)}${renderTerms(need)}</p>
${kind === 'plan' && subject !== undefined ? '' : html`<pre class="about" tabindex="0">${safe(about)}</pre>`}
${subject === undefined ? '' : html`<details class="subject" id="subject-${anchorOf(need)}" open><summary data-key="d">What it is about</summary>${subject}</details>`}
${need.signatures === 'required' ? renderSigning([{ ...need, run }]) : renderAnswers(desk, run, need, rivals)}
</article>`;
}

/** The id of a decision's heading. */
export function anchorOf({ id }: Pick<NeedView, 'id'>): string {
  return `decision-${elementId(id)}`;
}

export function renderTerms({ approvals, mayDecide, silence }: NeedView): Html {
  const terms = [
    ...(approvals === undefined ? [] : [`approvals ${approvals}`]),
    ...(mayDecide === undefined ? [] : [`for ${mayDecide.join(', ') || 'nobody'}`]),
    ...(silence === undefined ? [] : [`if nobody decides: ${silence}`]),
  ];
  return html`${terms.map((term) => html` · ${asLine(term)}`)}`;
}

/** Policy counts only signed decisions: a browser has no key, and a name alone decides nothing. */
export function renderSigning(items: readonly Pick<InboxItem, 'run' | 'id' | 'kind' | 'digest'>[]): Html {
  const lines = items.flatMap(({ run, id, kind, digest }) =>
    kind === 'question'
      ? [shellLine(['cox', 'answer', run, '…', '--question', id])]
      : [
          shellLine(['cox', 'approve', run, id, '--digest', digest]),
          shellLine(['cox', 'reject', run, id, '--digest', digest, '--note', '…']),
        ],
  );
  return html`<p class="signing">Policy requires signatures here, and a browser has no key: decide in a terminal, where <code>cox</code> signs with your SSH key.</p>
${renderCommand(lines, 'How to sign')}`;
}

function renderAnswers(desk: Desk, run: string, need: NeedView, rivals: readonly string[]): Html {
  const { id, kind, digest, does } = need;
  if (kind === 'question') return renderQuestion(desk, run, id);
  const reject = does || kind !== 'choice' ? renderReject(desk, run, need) : '';
  if (kind === 'choice')
    return html`<div class="answers">${rivals.map((agent) =>
      renderForm(desk, {
        run,
        verb: 'choose',
        fixed: { agent },
        inputs: html`<p>The work of ${asLine(agent)} counts, the others are left aside.</p>`,
        button: html`<button class="approve">Choose ${asLine(agent)}</button>`,
      }),
    )}${reject}</div>`;
  const approve = renderForm(desk, {
    run,
    verb: 'approve',
    fixed: { decision: id, digest },
    inputs: html`<p>Yes: ${does?.approve ?? 'approve it'}.</p>${does?.part ? renderLeaveOut(id, does.part) : ''}`,
    button: html`<button class="approve" data-key="a">Approve ${asLine(id)}</button>`,
  });
  return html`<div class="answers">${approve}${reject}</div>`;
}

export function renderLeaveOut(id: string, part: string): Html {
  const name = `leave-out-${elementId(id)}`;
  return html`<label for="${name}">Leave out (paths, by commas): ${part}</label><input id="${name}" name="leaveOut" autocomplete="off">`;
}

function renderReject(desk: Desk, run: string, { id, digest, does }: NeedView): Html {
  const isRequired = does?.note === 'required';
  const name = `note-${elementId(id)}`;
  return renderForm(desk, {
    run,
    verb: 'reject',
    fixed: { decision: id, digest },
    example: { note: '…' },
    inputs: html`<p>No: ${does?.reject ?? 'reject it'}.</p>
<label for="${name}">What should change${isRequired ? '' : ' (may be empty)'}</label>
<textarea id="${name}" name="note" rows="2" data-key="r" ${isRequired ? 'required' : ''}></textarea>`,
    button: html`<button class="reject">Reject ${asLine(id)}</button>`,
  });
}

function renderQuestion(desk: Desk, run: string, id: string): Html {
  const name = `answer-${elementId(id)}`;
  return renderForm(desk, {
    run,
    verb: 'answer',
    fixed: { question: id },
    example: { text: '…' },
    inputs: html`<label for="${name}">Your answer</label><textarea id="${name}" name="text" rows="2" required data-key="a"></textarea>`,
    button: html`<button class="approve">Answer ${asLine(id)}</button>`,
  });
}

/** What a decision is about; undefined where its words are all. */
export async function readSubject(
  reader: HubReader,
  run: string,
  need: NeedView,
  readPlan: () => Promise<Plan | undefined>,
): Promise<Html | undefined> {
  if (need.kind !== 'plan') return await reader.decision(run, need);
  const plan = await readPlan();
  return plan && renderInstructions(plan);
}

/** What the agents of a plan will be told, and how their work is judged. */
function renderInstructions({ tasks, summary }: Plan): Html {
  return html`<div class="tasks">${tasks.map(
    ({
      id,
      title,
      instructions,
      paths,
      checks,
      maxSteps,
      dependsOn,
    }) => html`<section class="task"><h4>${asLine(id)}: ${asLine(title)}</h4>
<p class="terms">${paths.map((path) => html`<code>${asLine(path)}</code> `)} at most ${maxSteps} steps${dependsOn.length > 0 ? `, after ${dependsOn.map(asLine).join(', ')}` : ''}</p>
${checks.map((check) => html`<p class="terms">check: <code>${asLine(check)}</code></p>`)}<pre tabindex="0">${safe(instructions)}</pre></section>`,
  )}</div><p>The planner says:</p><pre tabindex="0">${safe(summary)}</pre>`;
}
