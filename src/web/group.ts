/**
 * A group of alike decisions in the inbox: what is decided, from real bytes, what each answer does, and one form that
 * answers all of them or those that stay ticked.
 * Rule: the form names each decision with its own digest, and the digest of what is shown here.
 */
import { html } from 'hono/html';
import { showAge } from '../core/text/durations.ts';
import { asLine, counted } from '../core/text/lines.ts';
import { nameRepository } from '../core/views/card-words.ts';
import type { InboxGroup, InboxItem } from '../core/views/inbox.ts';
import { HOLD } from '../core/views/inbox.ts';
import type { NeedView } from '../core/views/status.ts';
import { digestShown } from '../client/inbox.ts';
import { addressOf } from './address.ts';
import { anchorOf, renderLeaveOut, renderSigning, renderTerms } from './decision.ts';
import type { Desk } from './forms.ts';
import { temporalLine } from './forms.ts';
import type { Html } from './layout.ts';
import { renderCommand, renderTime, safe } from './layout.ts';

/** What is shown of a group: the decision of its first item, and what it and the others are about. */
export interface GroupView {
  group: InboxGroup;
  /** Set where no worker says what is decided: then nothing can be. */
  isSilent?: true;
  /** Undefined where the runs hold: then the title is all. */
  need: NeedView | undefined;
  rivals: readonly string[];
  /** What the items are about, in their order; a difference can be another one in each run. */
  subjects: readonly (Html | undefined)[];
}

/** Items whose commands stand on the page. More are alike. */
const MAX_COMMANDS = 20;

const SILENT = html`<p class="wrong">No worker answers now, so what is decided can't be shown, nor decided.</p>`;

/** One group, whole. `back` is the address's query, to which the answer leads back. */
export function renderGroup(desk: Desk, view: GroupView, back: string): Html {
  const { group, need } = view;
  const { items, risk, late, alike, title } = group;
  const isClosed = need?.signatures === 'required' || view.isSilent === true;
  const body = html`${renderItems(items, isClosed)}
${need?.kind === 'plan' && view.subjects[0] !== undefined ? '' : html`<pre class="about" tabindex="0">${safe(need?.about ?? title)}</pre>`}
${renderSubjects(view)}`;
  return html`<article class="decision risk-${risk}" aria-labelledby="group-${alike}">
<h3 id="group-${alike}" tabindex="-1" data-row>${nameGroup(group)} <span class="tag risk">${risk} risk${late ? `, ${late}` : ''}</span></h3>
<p class="terms">waits since ${renderTime(group.openedAt)}, blocks ${counted(group.blocks, 'task')}${need ? renderTerms(need) : ''}</p>
${
  isClosed
    ? html`${body}${view.isSilent ? SILENT : renderSigning(items.slice(0, MAX_COMMANDS))}`
    : // The first button is what Enter in a tick or a line would press: none answers by that.
      html`<form method="post" action="/decide" class="act"><button disabled hidden></button>
<input type="hidden" name="form" value="${desk.formKey}"><input type="hidden" name="back" value="${back}">
<input type="hidden" name="shown" value="${need ? digestShown(need) : ''}">
${body}${renderReplies(view)}${renderCommands(desk, view)}</form>`
}</article>`;
}

/** What a group is called: its only decision with its run, or how many there are of which kind. */
function nameGroup({ items, kind }: InboxGroup): string {
  const [first] = items;
  return first && items.length === 1 ? asLine(`${first.id} of ${first.run}`) : `${items.length} alike: ${asLine(kind)}`;
}

/** The decisions of a group, each with its run. With several, each has a tick. */
function renderItems(items: readonly InboxItem[], isClosed: boolean): Html {
  const ticked = items.length > 1 && !isClosed;
  const rows = items.map((item, index) => {
    const { run, id, kind, digest, alike, owner, repository, goal, openedAt } = item;
    const key = JSON.stringify({ run, id, kind, digest, alike, owner });
    const anchor = kind === HOLD ? '' : `#${anchorOf(item)}`;
    const about = html`<a href="${addressOf('run', run)}${anchor}">${asLine(run)}</a> ${asLine(id)}
<span class="terms">${nameRepository(repository)}, since ${renderTime(openedAt)}: ${asLine(goal)}</span>`;
    const name = `item-${alike}-${index}`;
    return ticked
      ? html`<div class="check item"><input type="checkbox" id="${name}" name="item" value="${key}" checked>
<div><label for="${name}" class="hidden">${asLine(run)}</label>${about}</div></div>`
      : html`<p>${about}<input type="hidden" name="item" value="${key}"></p>`;
  });
  return ticked
    ? html`<fieldset><legend>Answered together, those that are ticked</legend>${rows}</fieldset>`
    : html`${rows}`;
}

/** What the first is about, open; what the others are about where that can differ, closed. */
function renderSubjects({ group, subjects }: GroupView): Html {
  return html`${subjects.map((subject, index) => {
    const item = group.items[index];
    if (subject === undefined || !item) return '';
    const title = index === 0 ? 'What it is about' : `What it is about in ${asLine(item.run)}`;
    return html`<details class="subject" id="subject-${item.alike}-${index}" ${index === 0 ? 'open' : ''}><summary ${index === 0 ? 'data-key=d' : ''}>${title}</summary>${subject}</details>`;
  })}`;
}

function renderReplies({ group, need, rivals }: GroupView): Html {
  const { alike, items } = group;
  const all = items.length > 1 ? ' all that are ticked' : '';
  const button = (verb: string, label: string, more: Html | string = ''): Html =>
    html`<button name="verb" value="${verb}" class="${verb === 'reject' ? 'reject' : 'approve'}" ${more}>${label}</button>`;
  const writing = (name: string, label: string, key: string, isRequired: boolean): Html =>
    html`<label for="${name}-${alike}">${label}</label><textarea id="${name}-${alike}" name="${name}" rows="2" data-key="${key}" ${isRequired ? 'required' : ''}></textarea>`;
  const first = html`data-key="a" formnovalidate`;
  if (!need) return button('resume', `Resume${all}`, first);
  const { kind, does } = need;
  if (kind === 'question') return html`${writing('text', 'Your answer', 'a', true)}${button('answer', `Answer${all}`)}`;
  const no = html`<div><p>No: ${does?.reject ?? 'reject it'}.</p>
${writing('note', `What should change${does?.note === 'required' ? '' : ' (may be empty)'}`, 'r', does?.note === 'required')}${button('reject', `Reject${all}`)}</div>`;
  if (kind === 'choice')
    return html`<div class="answers"><div>${rivals.map((agent) => button(`choose ${agent}`, `Choose ${asLine(agent)}`, 'formnovalidate'))}</div>${does ? no : ''}</div>`;
  return html`<div class="answers"><div><p>Yes: ${does?.approve ?? 'approve it'}.</p>
${does?.part ? renderLeaveOut(alike, does.part) : ''}${button('approve', `Approve${all}`, first)}</div>${no}</div>`;
}

/** The plain command of each answer to each decision. */
function renderCommands(desk: Desk, { group: { items, kind }, rivals }: GroupView): Html {
  const lines = items.slice(0, MAX_COMMANDS).flatMap(({ run, id, digest, owner }) => {
    const line = (verb: Parameters<typeof temporalLine>[2], fields: object): string =>
      temporalLine(desk, verb === 'resume' ? (owner ?? run) : run, verb, fields);
    if (kind === HOLD) return [line('resume', {})];
    if (kind === 'question') return [line('answer', { question: id, text: '…' })];
    const reject = line('reject', { decision: id, digest, note: '…' });
    if (kind === 'choice') return [...rivals.map((agent) => line('choose', { agent })), reject];
    return [line('approve', { decision: id, digest }), reject];
  });
  return renderCommand(lines);
}

/** A group as a row of the list of those that are not shown whole. */
export function renderGroupRow(group: InboxGroup, address: string, now: number): Html {
  const { items, risk, late, openedAt, title } = group;
  const [first] = items;
  const more = items.length > 1 ? ` and ${items.length - 1} more` : '';
  return html`<tr><th scope="row"><a data-row href="${address}">${nameGroup(group)}</a>
<span class="run-goal">${asLine(title)}</span></th><td data-label="Risk"><span class="tag ${risk}">${risk}${late ? `, ${late}` : ''}</span></td>
<td data-label="Age">${showAge(now - openedAt)}</td><td data-label="Runs">${asLine(first?.run ?? '')}${more}</td></tr>`;
}
