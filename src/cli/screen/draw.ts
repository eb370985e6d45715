/**
 * Draws the full screen: the list of a run, a decision's panel, the line that is typed, the keys.
 * Rule: pure: equal views, states and sizes give equal screens. It fits into 80 columns and 24 rows, and a line that is
 * too long is cut, except in a decision's panel, where it is wrapped, so that all of it can be read.
 */
import { Box, Text } from 'ink';
import type { ReactElement } from 'react';
import { createElement as h } from 'react';
import { asLine as safe } from '../../core/text/lines.ts';
import type { NeedView } from '../../core/views/status.ts';
import type { Mode, Typed, Ui } from './ui.ts';
import { rowAt } from './ui.ts';
import type { Row, ScreenView, Tone } from './view.ts';

export interface ScreenSize {
  columns: number;
  rows: number;
}

/** What the screen shows; `whole` is the text of a decision where that is more than its `about`. */
export interface ScreenProps {
  view: ScreenView;
  ui: Ui;
  size: ScreenSize;
  whole?: string | undefined;
}

interface Line {
  text: string;
  tone?: Tone | undefined;
  aside?: string;
  isMarked?: boolean;
  isTitle?: boolean;
}

const COLOURS: Record<Tone, string | undefined> = {
  plain: undefined,
  good: 'green',
  busy: 'cyan',
  warn: 'yellow',
  bad: 'red',
  dim: 'gray',
};
/** Rows that receipts get, where there are enough rows. */
const RECEIPTS = 3;

const KEYS: readonly string[] = [
  '↑↓ select  ⏎ open  d diff  c conversation  a approve  r reject  s steer',
  'S interrupt and steer  p pause or resume  ? help  q leave (the run goes on)',
];
const HELP: readonly string[] = [
  '↑ ↓ or k j    another row: a decision, a task, an agent',
  '⏎             on a decision: all of it; on a task or an agent: its difference',
  'd             the difference of the row, in your pager; of a plan its whole text',
  'c             what its agent was told, said and ran, in your pager (cox show)',
  'a             the decision of the row: all of it, then a once more approves it',
  'r             the same, then r and a note rejects it; the note becomes work',
  's             words for the agent of the row; they reach its next model call',
  'S             the same, and what runs now is cut short',
  'p             pause: no more steps begin; once more: resume',
  'q, Ctrl-C     leave; the run goes on without you',
  '',
  'Every key sends a message that the temporal program can send as well:',
  'cox <command> --help shows how.',
];

/** The whole screen as an element. */
export function RunScreen({ view, ui, size, whole }: ScreenProps): ReactElement {
  // The last row stays free: a terminal may scroll when it is written.
  const height = size.rows - 1;
  const bottom = bottomOf(ui, size);
  const head: Line[] = [
    { text: `${view.id}  ${view.title}`, isTitle: true },
    { text: view.facts, tone: 'dim' },
    ...view.alarms.map((text): Line => ({ text, tone: 'bad' })),
  ];
  const room = Math.max(3, height - head.length - bottom.length);
  const body = bodyOf({ view, ui, size, whole }, room);
  const lines = [...head, ...body.slice(0, room), ...blank(room - body.length), ...bottom].slice(0, height);
  return h(
    Box,
    { flexDirection: 'column', width: size.columns, height },
    ...lines.map((line, at) => h(Drawn, { key: at, line, columns: size.columns })),
  );
}

function Drawn({ line, columns }: { line: Line; columns: number }): ReactElement {
  const { text, tone = 'plain', aside = '', isMarked = false, isTitle = false } = line;
  const colour = COLOURS[tone];
  const style = {
    wrap: 'truncate-end' as const,
    inverse: isMarked,
    bold: isTitle,
    ...(colour ? { color: colour } : {}),
  };
  if (aside === '') return h(Box, { width: columns, height: 1 }, h(Text, style, text === '' ? ' ' : text));
  return h(
    Box,
    { width: columns, height: 1, justifyContent: 'space-between' },
    h(Box, { flexShrink: 1, height: 1 }, h(Text, style, text)),
    h(Box, { flexShrink: 0, marginLeft: 1 }, h(Text, { color: 'gray' }, aside)),
  );
}

function bodyOf({ view, ui, size, whole }: ScreenProps, room: number): Line[] {
  const { mode } = ui;
  const panel =
    mode.kind === 'type' && 'need' in mode.typed ? panelOf(mode) : mode.kind === 'decide' ? mode : undefined;
  if (mode.kind === 'help') return [rule('keys', size), ...HELP.map((text) => ({ text }))];
  if (panel) return drawDecision(panel, whole, size, room);
  return drawList(view, ui, size, room);
}

/** While words for a decision are typed, its panel stays. */
function panelOf({ back, typed }: Extract<Mode, { kind: 'type' }>): { need: NeedView; scroll: number } | undefined {
  if (back.kind === 'decide') return back;
  return 'need' in typed ? { need: typed.need, scroll: 0 } : undefined;
}

/** Rows to choose from, and below them what belongs to the row under the cursor. */
function drawList(view: ScreenView, ui: Ui, size: ScreenSize, room: number): Line[] {
  const receipts = view.receipts.slice(-RECEIPTS);
  const below = receipts.length > 0 && room >= 12 ? receipts.length + 1 : 0;
  const most = Math.max(3, Math.ceil((room - below) * 0.6));
  const row = rowAt(view, ui);
  const shown = windowOf(view.rows, row, Math.min(most, room - 1));
  const waits = view.rows.filter(({ need }) => need).length;
  const title = waits > 0 ? `plan, ${waits} waiting for you` : 'plan';
  const rows = shown.map((one): Line => ({ text: one.text, tone: one.tone, aside: one.aside, isMarked: one === row }));
  const left = room - below - rows.length - 1;
  return [
    rule(title, size),
    ...(rows.length > 0 ? rows : [{ text: 'nothing is planned yet', tone: 'dim' } as const]),
    ...drawAside(view, row, size, left),
    ...(below > 0 ? [rule('messages', size), ...receipts] : []),
  ];
}

/** Of a decision its text; of an agent what it does, its output and what it did. */
function drawAside(view: ScreenView, row: Row | undefined, size: ScreenSize, room: number): Line[] {
  if (room < 2 || !row) return blank(room);
  const fill = (lines: Line[]): Line[] => [...lines.slice(0, room), ...blank(room - lines.length)];
  if (row.need) {
    const about = wrap(row.need.about, size.columns - 4).map((text) => `  | ${text}`);
    const fits = about.slice(0, room - 2);
    const more = about.length > fits.length ? [`  … ${about.length - fits.length} more lines: ⏎ shows all`] : [];
    return fill([rule(safe(row.need.id), size), ...[...fits, ...more].map((text) => ({ text }))]);
  }
  const agent = row.agent === undefined ? undefined : view.agents.get(row.agent);
  if (!agent) return fill([rule(row.task ?? '', size), { text: 'no agent has begun yet', tone: 'dim' }]);
  const tail = agent.tail.slice(-Math.max(1, room - 2)).map((text): Line => ({ text: `  | ${text}` }));
  const logged = agent.log.slice(-Math.max(0, room - 1 - tail.length)).map((text): Line => ({ text, tone: 'dim' }));
  return fill([rule(agent.title, size), ...(room - 1 > tail.length ? logged : []), ...tail]);
}

/** The rows around the cursor. */
function windowOf(rows: readonly Row[], row: Row | undefined, most: number): Row[] {
  const at = row ? rows.indexOf(row) : 0;
  const from = Math.max(0, Math.min(at - Math.floor(most / 2), rows.length - most));
  return rows.slice(from, from + most);
}

/** All of a decision, as far as it fits; the rest by scrolling. */
function drawDecision(
  { need, scroll }: { need: NeedView; scroll: number },
  whole: string | undefined,
  size: ScreenSize,
  room: number,
): Line[] {
  const text = whole ?? need.about;
  const all = wrap(text, size.columns - 4).map((line) => `  | ${line}`);
  const most = Math.max(1, room - 2);
  const from = Math.min(scroll, Math.max(0, all.length - most));
  const left = all.length - from - most;
  return [
    rule(`${safe(need.id)}: ${need.kind}, ${need.risk} risk, digest ${safe(need.digest.slice(0, 12))}`, size),
    ...all.slice(from, from + most).map((line) => ({ text: line })),
    { text: left > 0 ? `  … ${left} more lines: ↓ or space` : from > 0 ? '  (the end)' : '', tone: 'dim' },
  ];
}

function bottomOf(ui: Ui, size: ScreenSize): Line[] {
  const { mode, said } = ui;
  const told: Line[] = said === '' ? [] : [{ text: said, tone: 'warn' }];
  switch (mode.kind) {
    case 'type': {
      const shown = Array.from(mode.text)
        .slice(-(size.columns - 30))
        .join('');
      const asked = askFor(mode.typed).map((text): Line => ({ text, tone: 'busy' }));
      return [...told, ...asked, { text: `(⏎ sends, Esc goes back) > ${shown}█` }];
    }
    case 'decide':
      // Keys are shown once they count.
      return [...told, ...keysOf(mode.need).map((text): Line => ({ text: mode.isSeen ? text : '', tone: 'busy' }))];
    case 'help':
      return [{ text: 'any key goes back', tone: 'busy' }];
    case 'list':
      return [...told, ...KEYS.map((text): Line => ({ text, tone: 'busy' }))];
  }
}

function askFor(typed: Typed): string[] {
  switch (typed.for) {
    case 'steer': {
      const who = typed.task === undefined ? 'all agents' : `the agent of ${safe(typed.task)}`;
      return [typed.interrupt ? `interrupt ${who}, and say:` : `say to ${who}, for its next model call:`];
    }
    case 'reject': {
      const { id, does } = typed.need;
      return [`reject ${safe(id)}: ${does?.reject ?? ''}`, 'What should change?'];
    }
    case 'answer':
      return [`answer ${safe(typed.need.id)}:`];
    case 'pause':
      return ['pause: no further step begins. Why? (may be empty)'];
  }
}

function keysOf({ kind, does }: NeedView): string[] {
  const back = 'd difference  ↑↓ scroll  Esc back';
  if (kind === 'question') return [`e answer it in words   ${back}`];
  if (kind === 'choice') return ['1 to 9  choose whose work counts', ...(does ? [`r  ${does.reject}`] : []), back];
  return [`a  approve: ${does?.approve ?? 'yes'}`, ...(does ? [`r  reject: ${does.reject}`] : []), back];
}

function rule(title: string, { columns }: ScreenSize): Line {
  const text = title === '' ? '─' : `─ ${title} `;
  return { text: `${text}${'─'.repeat(Math.max(0, columns - Array.from(text).length))}`, tone: 'dim' };
}

function blank(count: number): Line[] {
  return Array.from({ length: Math.max(0, count) }, () => ({ text: '' }));
}

/** Lines of at most so many columns. A character outside of ASCII may take two. */
function wrap(text: string, columns: number): string[] {
  return text.split('\n').flatMap((line) => {
    const clean = safe(`.${line}`).slice(1);
    const most = Math.max(10, /^[ -~]*$/.test(clean) ? columns : Math.floor(columns / 2));
    const characters = Array.from(clean);
    const parts = Math.max(1, Math.ceil(characters.length / most));
    return Array.from({ length: parts }, (_, at) => characters.slice(at * most, (at + 1) * most).join(''));
  });
}
