/**
 * The style, the script and the icon of the pages.
 * Rule: the pages work without the script. It only replaces parts that have changed, and moves by keys.
 */

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5" fill="none" stroke="#2f6f8f" stroke-width="2"/><path d="M8 0v16M0 8h16" stroke="#2f6f8f" stroke-width="1.5"/></svg>`;

export const STYLE = `:root {
  color-scheme: light dark;
  --back: #fbfbfa; --card: #ffffff; --text: #1c2024; --soft: #5a636b; --line: #d9dde0;
  --link: #0b5c86; --strong: #0b5c86; --on-strong: #ffffff; --warn: #8a4b00; --warn-back: #fff4e0;
  --bad: #a3201d; --bad-back: #fdecea; --good: #1d6b34; --good-back: #e6f4ea; --code: #f1f3f4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171a; --card: #1c2024; --text: #e6e9eb; --soft: #a3acb3; --line: #353c42;
    --link: #7cc4ea; --strong: #7cc4ea; --on-strong: #0e1a20; --warn: #f0b660; --warn-back: #33270f;
    --bad: #ff9a92; --bad-back: #3a1d1b; --good: #7ed69a; --good-back: #16301f; --code: #262b30;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 68rem; padding: 0 1rem 3rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
main:focus-visible { outline: none; }
.skip, .hidden { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 0.5rem; background: var(--card); padding: 0.5rem; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; padding: 0.75rem 0;
  border-bottom: 1px solid var(--line); }
header .home { font-weight: 700; text-decoration: none; }
.user, .soft, .terms, .about-run { color: var(--soft); font-size: 0.9rem; }
h1 { font-size: 1.5rem; margin: 1rem 0 0.25rem; }
h2 { font-size: 1.15rem; margin: 1.75rem 0 0.5rem; }
h3 { font-size: 1.05rem; margin: 0; }
h4 { font-size: 1rem; margin: 0; }
p { margin: 0.4rem 0; }
pre { background: var(--code); padding: 0.6rem 0.75rem; border-radius: 6px; margin: 0.4rem 0; max-height: 32rem;
  overflow: auto; white-space: pre-wrap; font: 0.85rem/1.45 ui-monospace, monospace; }
code { font: 0.9em ui-monospace, monospace; background: var(--code); padding: 0.05em 0.3em; border-radius: 4px; }
pre code { padding: 0; font-size: 1em; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 0.5rem 0.75rem 0.5rem 0;
  border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-size: 0.85rem; font-weight: 600; }
tbody th { font-weight: 400; width: 45%; }
tbody th a { font-weight: 600; }
.about-run a { font-weight: 400; }
td { font-variant-numeric: tabular-nums; }
.run-goal, .about-run { display: block; }
.goal { font-size: 1.05rem; }
.tag { display: inline-block; padding: 0 0.5rem; border-radius: 1rem; border: 1px solid var(--line); font-size: 0.85rem;
  background: var(--card); }
.tag.high, .risk-high .risk, .tag.refused { color: var(--bad); background: var(--bad-back);
  border-color: currentColor; }
.tag.medium, .risk-medium .risk { color: var(--warn); background: var(--warn-back); border-color: currentColor; }
.wrong { color: var(--warn); display: block; }
.told:not(:empty) { margin-top: 1rem; padding: 0.6rem 0.9rem; border-radius: 6px; border: 1px solid currentColor; }
.told.ok { color: var(--good); background: var(--good-back); }
.told.refused { color: var(--bad); background: var(--bad-back); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1rem; margin: 0.75rem 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.decision { background: var(--card); border: 1px solid var(--line); border-left: 5px solid var(--strong);
  border-radius: 8px; padding: 0.9rem 1rem; margin: 0.75rem 0; }
.decision.risk-high { border-left-color: var(--bad); }
.decision.risk-medium { border-left-color: var(--warn); }
.task { margin: 0.9rem 0; }
.answers { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
.answers > form, .answers > div { flex: 1 1 18rem; }
.act { margin: 0.5rem 0; }
label { display: block; color: var(--soft); font-size: 0.9rem; margin-top: 0.4rem; }
fieldset { border: 0; margin: 0.4rem 0; padding: 0; }
legend { padding: 0; color: var(--soft); font-size: 0.9rem; }
.pages { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.pages, .user { overflow-wrap: normal; }
.check.item { align-items: flex-start; padding: 0.3rem 0; }
.check.item input { flex: none; margin-top: 0.25rem; }
input:not([type]), textarea { width: 100%; padding: 0.5rem 0.6rem; font: inherit; color: inherit;
  background: var(--back);  border: 1px solid var(--soft); border-radius: 6px; }
.check { display: flex; gap: 0.5rem; align-items: center; min-height: 2rem; }
.check input { width: 1.1rem; height: 1.1rem; }
button, .button { display: inline-block; min-height: 2.75rem; padding: 0.4rem 1.1rem; margin: 0.5rem 0; font: inherit;
  font-weight: 600; line-height: 1.9; border-radius: 6px; border: 1px solid var(--strong); background: var(--card);
  color: var(--link); cursor: pointer; text-decoration: none; }
button.approve { background: var(--strong); color: var(--on-strong); }
button.reject, .button.stop { color: var(--bad); border-color: currentColor; }
.command { font-size: 0.85rem; color: var(--soft); }
summary { cursor: pointer; padding: 0.2rem 0; }
.file { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; padding: 0 0.6rem;
  background: var(--card); }
.diff pre { max-height: none; white-space: pre; overflow-x: auto; padding: 0.4rem 0; }
.diff pre span { display: block; height: 1.45em; padding: 0 0.6rem; min-width: max-content; }
.diff .add { background: var(--good-back); color: var(--good); }
.diff .remove { background: var(--bad-back); color: var(--bad); }
.diff .head { color: var(--soft); }
.diff .found { outline: 2px solid var(--warn); outline-offset: -2px; }
.doing { margin: 0.2rem 0; }
.graph { overflow-x: auto; margin: 0.5rem 0; }
.node rect { fill: var(--card); stroke: var(--soft); }
.node.integrated rect { fill: var(--good-back); stroke: var(--good); }
.node.working rect, .node.finished rect { stroke: var(--link); stroke-width: 2; }
.node.dropped rect { stroke-dasharray: 4 3; }
.node text { fill: var(--text); font-size: 13px; }
.node .node-id { font-weight: 600; }
.node .node-title { fill: var(--soft); font-size: 12px; }
.edge { fill: none; stroke: var(--soft); stroke-width: 1.5; }
.spend-plot { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin: 0.5rem 0; align-items: flex-start; }
.spend-plot table { flex: 1 1 14rem; width: auto; font-size: 0.9rem; }
.spend-plot th, .spend-plot td { padding: 0.15rem 0.75rem 0.15rem 0; width: auto; }
.spend-plot figcaption { flex: 1 1 100%; }
.plot { flex: 1 1 20rem; max-width: 36rem; min-width: 0; height: auto; }
.plot .grid { stroke: var(--line); }
.plot .axis { fill: var(--soft); font-size: 12px; }
.plot .curve { fill: none; stroke: var(--link); stroke-width: 2; }
.plot .area { fill: var(--link); fill-opacity: 0.12; stroke: none; }
.plan, .receipts, .keys { padding: 0; list-style: none; }
.task-row, .receipts li { padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
.agent { margin: 0.3rem 0 0.3rem 1.5rem; }
.filter { display: flex; flex-wrap: wrap; gap: 0 0.75rem; align-items: end; }
.filter label { flex: 1 1 8rem; }
.filter label.check { flex: 0 0 auto; }
.filter button { margin: 0; }
footer { margin-top: 3rem; color: var(--soft); font-size: 0.9rem;
  border-top: 1px solid var(--line); padding-top: 0.5rem; }
kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 0.35rem; background: var(--card); }
.stale { color: var(--warn); }
@media (max-width: 44rem) {
  table, thead, tbody, tr, th, td { display: block; }
  thead { position: absolute; left: -99rem; }
  tbody tr { border-bottom: 1px solid var(--line); padding: 0.5rem 0; }
  tbody th, td { border: 0; padding: 0.1rem 0; width: auto; }
  td:empty { display: none; }
  .spend-plot table { flex: 1 1 100%; }
  .spend-plot tbody tr { display: flex; justify-content: space-between; padding: 0; }
  td::before { content: attr(data-label) ': '; color: var(--soft); }
}
`;

export const SCRIPT = `'use strict';
const tell = (text) => { document.getElementById('news').textContent = text; };
const writeTimes = (root) => {
  for (const time of root.querySelectorAll('time')) {
    const at = new Date(time.dateTime);
    time.textContent = at.toDateString() === new Date().toDateString() ? at.toLocaleTimeString() : at.toLocaleString();
  }
};

/** Whether a person is about to write here: then nothing is taken from under their hands. */
const isInUse = (part) =>
  [...part.querySelectorAll('input:not([type=hidden]), textarea')].some((field) => field === document.activeElement ||
    (field.type === 'checkbox' ? field.checked !== field.defaultChecked : field.value !== field.defaultValue));

const replace = (part, digest, body) => {
  const open = new Set([...part.querySelectorAll('details[id][open]')].map((one) => one.id));
  const at = document.activeElement;
  const nameOf = (one) => one.id || one.getAttribute('href');
  const focus = part.contains(at) ? nameOf(at) : null;
  part.innerHTML = body;
  part.dataset.digest = digest;
  for (const one of part.querySelectorAll('details[id]')) if (open.has(one.id)) one.open = true;
  writeTimes(part);
  if (focus) [...part.querySelectorAll('[id], a')].find((one) => nameOf(one) === focus)?.focus();
};

const take = ({ id, digest, body }) => {
  const part = document.getElementById(id);
  if (!part || part.dataset.digest === digest) return;
  if (id === 'needs') tell('What waits for you has changed.');
  if (!isInUse(part)) return replace(part, digest, body);
  let note = part.querySelector('.stale');
  if (!note) {
    note = document.createElement('p');
    note.className = 'stale';
    part.prepend(note);
  }
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Show what is new';
  button.onclick = () => replace(part, digest, body);
  note.replaceChildren('This has changed while you were writing. ', button);
};

let source;
const listen = () => {
  const { live } = document.body.dataset;
  if (!live || document.hidden || source) return;
  source = new EventSource(live);
  source.addEventListener('part', ({ data }) => take(JSON.parse(data)));
};
// A browser opens few connections to one host: a hidden page leaves its own to others.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) return listen();
  source?.close();
  source = undefined;
});

const move = (by) => {
  const rows = [...document.querySelectorAll('[data-row]')];
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : (at + by + rows.length) % rows.length]?.focus();
};
/** To what a key means in the decision that the person is at, else in the first. */
const goTo = (key) => {
  const wanted = '[data-key="' + key + '"]';
  const here = document.activeElement.closest('.decision');
  (here?.querySelector(wanted) ?? document.querySelector(wanted))?.focus();
};
document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (key === 'Escape') return target.blur();
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
  // A row that is a link opens by itself; a decision's heading leads to its run.
  if (key === 'Enter' && target.matches('h3[data-row]')) return target.closest('.decision').querySelector('a')?.click();
  const actions = { j: () => move(1), k: () => move(-1), a: () => goTo('a'), r: () => goTo('r'), s: () => goTo('s'),
    d: () => goTo('d'), u: () => location.assign('/'), i: () => location.assign('/inbox'), '?': () => {
      const keys = document.getElementById('keys');
      keys.open = true;
      keys.querySelector('summary').focus();
    } };
  if (!Object.hasOwn(actions, key)) return;
  event.preventDefault();
  actions[key]();
});
// A form is sent once: its button rests until the answer is here.
document.addEventListener('submit', ({ target }) => {
  if (target.method !== 'post') return;
  setTimeout(() => { for (const one of target.querySelectorAll('button')) one.disabled = true; });
});
writeTimes(document);
listen();
`;
