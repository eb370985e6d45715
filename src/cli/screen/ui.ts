/**
 * What a key does on the full screen: the cursor, the panels, the line that is typed, and what is wished to be done.
 * Rule: pure. A decision is sent only from its panel, which shows all of it, and only after the panel was seen; it
 * is bound to the digest that the panel shows.
 */
import type { NeedView } from '../../core/views/status.ts';
import type { Row, ScreenView } from './view.ts';

/** A key press; `text` is what was typed or pasted, if anything. */
export interface Press {
  text: string;
  key?: 'up' | 'down' | 'pageUp' | 'pageDown' | 'enter' | 'escape' | 'backspace' | 'interrupt';
}

/** What a typed line is for. */
export type Typed =
  | { for: 'steer'; interrupt: boolean; task: string | undefined; agent: string | undefined }
  | { for: 'reject' | 'answer'; need: NeedView }
  | { for: 'pause' };

export type Mode =
  | { kind: 'list' }
  | { kind: 'help' }
  /** `isSeen`: it has been on the screen long enough; before that no key decides. */
  | { kind: 'decide'; need: NeedView; scroll: number; isSeen: boolean }
  | { kind: 'type'; typed: Typed; text: string; back: Mode };

export interface Ui {
  /** The key of the row under the cursor. */
  cursor: string | undefined;
  mode: Mode;
  /** What became of the last key, for the line above the keys. */
  said: string;
}

/** What a key asks for beyond the screen itself. */
export type Wish =
  | { do: 'leave' }
  | { do: 'difference'; row: Row | undefined; need: NeedView | undefined }
  | { do: 'conversation'; agent: string | undefined }
  | { do: 'approve'; need: NeedView }
  | { do: 'choose'; agent: string }
  | { do: 'reject' | 'answer'; need: NeedView; text: string }
  | { do: 'steer'; text: string; interrupt: boolean; task: string | undefined }
  | { do: 'pause'; text: string }
  | { do: 'resume' };

/** After so long a panel counts as seen. A key that was pressed before that was meant for something else. */
export const SEEN_MS = 300;
const MAX_TYPED = 4000;

export const FIRST_UI: Ui = { cursor: undefined, mode: { kind: 'list' }, said: '' };

interface Pressed {
  ui: Ui;
  wish?: Wish;
}

/** The row under the cursor; the first one if that row has gone. */
export function rowAt({ rows }: ScreenView, { cursor }: Ui): Row | undefined {
  return rows.find(({ key }) => key === cursor) ?? rows[0];
}

/** What a key does. */
export function press(ui: Ui, view: ScreenView, pressed: Press): Pressed {
  if (pressed.key === 'interrupt') return { ui, wish: { do: 'leave' } };
  const { mode } = ui;
  switch (mode.kind) {
    case 'type':
      return type(ui, mode, pressed);
    case 'decide':
      return decide(ui, mode, view, pressed);
    case 'help':
      return { ui: { ...ui, mode: { kind: 'list' } } };
    case 'list':
      return list({ ...ui, said: '' }, view, pressed);
  }
}

/** The state after the panel of a decision was on the screen for `SEEN_MS`. */
export function markSeen(ui: Ui, need: NeedView): Ui {
  const { mode } = ui;
  return mode.kind === 'decide' && mode.need === need ? { ...ui, mode: { ...mode, isSeen: true } } : ui;
}

/** The state after news of the run: a panel of a decision that is no longer open closes. */
export function refresh(ui: Ui, view: ScreenView): Ui {
  const need = needOf(ui.mode);
  if (!need || view.rows.some((row) => row.need?.id === need.id && row.need.digest === need.digest)) return ui;
  return { ...ui, mode: { kind: 'list' }, said: `${need.id} is not open any more: it was decided, or it has changed` };
}

function needOf(mode: Mode): NeedView | undefined {
  if (mode.kind === 'decide') return mode.need;
  return mode.kind === 'type' && 'need' in mode.typed ? mode.typed.need : undefined;
}

function list(ui: Ui, view: ScreenView, { text, key }: Press): Pressed {
  const row = rowAt(view, ui);
  if (key === 'up' || text === 'k') return { ui: move(ui, view, -1) };
  if (key === 'down' || text === 'j') return { ui: move(ui, view, 1) };
  if (key === 'enter' && row?.need) return { ui: openPanel(ui, row.need) };
  if (key === 'enter') return { ui, wish: { do: 'difference', row, need: undefined } };
  switch (text) {
    case 'q':
      return { ui, wish: { do: 'leave' } };
    case '?':
      return { ui: { ...ui, mode: { kind: 'help' } } };
    case 'd':
      return { ui, wish: { do: 'difference', row, need: row?.need } };
    case 'c':
      return { ui, wish: { do: 'conversation', agent: row?.agent } };
    case 's':
    case 'S':
      return { ui: startTyping(ui, { for: 'steer', interrupt: text === 'S', task: row?.task, agent: row?.agent }) };
    case 'p':
      return view.isPaused ? { ui, wish: { do: 'resume' } } : { ui: startTyping(ui, { for: 'pause' }) };
    case 'a':
    case 'r':
      return { ui: openDecision(ui, view, row) };
    default:
      return { ui: { ...ui, said: text === '' ? '' : 'that key does nothing here: ? lists the keys' } };
  }
}

function move(ui: Ui, view: ScreenView, by: number): Ui {
  const at = view.rows.findIndex(({ key }) => key === rowAt(view, ui)?.key);
  const next = view.rows[Math.min(Math.max(at + by, 0), view.rows.length - 1)];
  return { ...ui, cursor: next?.key };
}

/** The decision under the cursor, of the row under it, or the only one there is. */
function openDecision(ui: Ui, view: ScreenView, row: Row | undefined): Ui {
  const open = view.rows.flatMap(({ need, agent }) => (need ? [{ need, agent }] : []));
  const near = row?.agent === undefined ? [] : open.filter(({ agent }) => agent === row.agent);
  const need = row?.need ?? (near.length === 1 ? near[0]?.need : open.length === 1 ? open[0]?.need : undefined);
  if (need) return openPanel(ui, need);
  return { ...ui, said: open.length === 0 ? 'nothing waits for a decision' : 'several decisions are open: go to one' };
}

function openPanel(ui: Ui, need: NeedView): Ui {
  return { ...ui, mode: { kind: 'decide', need, scroll: 0, isSeen: false } };
}

function decide(ui: Ui, mode: Extract<Mode, { kind: 'decide' }>, view: ScreenView, { text, key }: Press): Pressed {
  const { need, scroll, isSeen } = mode;
  const scrolled = (by: number): Pressed => ({ ui: { ...ui, mode: { ...mode, scroll: Math.max(0, scroll + by) } } });
  const rivals = need.kind === 'choice' ? (view.rivals[need.task ?? ''] ?? []) : [];
  if (key === 'up') return scrolled(-1);
  if (key === 'down') return scrolled(1);
  if (key === 'pageUp') return scrolled(-10);
  if (key === 'pageDown' || text === ' ') return scrolled(10);
  if (key === 'escape' || text === 'q') return { ui: { ...ui, mode: { kind: 'list' } } };
  if (text === 'd') return { ui, wish: { do: 'difference', row: undefined, need } };
  if (!isSeen) return { ui };
  const chosen = rivals[Number(text) - 1];
  if (chosen !== undefined) return { ui: { ...ui, mode: { kind: 'list' } }, wish: { do: 'choose', agent: chosen } };
  if (text === 'e' && need.kind === 'question') return { ui: startTyping(ui, { for: 'answer', need }) };
  if (text === 'a' && need.kind !== 'question' && need.kind !== 'choice')
    return { ui: { ...ui, mode: { kind: 'list' } }, wish: { do: 'approve', need } };
  if (text === 'r' && need.kind !== 'question' && need.does) return { ui: startTyping(ui, { for: 'reject', need }) };
  return { ui };
}

function startTyping(ui: Ui, typed: Typed): Ui {
  return { ...ui, said: '', mode: { kind: 'type', typed, text: '', back: ui.mode } };
}

function type(ui: Ui, mode: Extract<Mode, { kind: 'type' }>, { text, key }: Press): Pressed {
  if (key === 'escape') return { ui: { ...ui, mode: mode.back } };
  if (key === 'backspace') {
    const kept = Array.from(mode.text).slice(0, -1).join('');
    return { ui: { ...ui, mode: { ...mode, text: kept } } };
  }
  if (key !== 'enter') {
    // What is pasted is one line, as what is typed.
    const more = text.replaceAll(/[\p{Cc}]+/gu, ' ');
    return { ui: { ...ui, mode: { ...mode, text: `${mode.text}${more}`.slice(0, MAX_TYPED) } } };
  }
  const words = mode.text.trim();
  const { typed } = mode;
  const isEmptyFine = typed.for === 'pause' || (typed.for === 'reject' && typed.need.does?.note !== 'required');
  if (words === '' && !isEmptyFine) return { ui: { ...ui, said: 'it needs some words; Esc goes back' } };
  return { ui: { ...ui, said: '', mode: { kind: 'list' } }, wish: wishOf(typed, words) };
}

function wishOf(typed: Typed, text: string): Wish {
  switch (typed.for) {
    case 'steer':
      return { do: 'steer', text, interrupt: typed.interrupt, task: typed.task };
    case 'pause':
      return { do: 'pause', text };
    default:
      return { do: typed.for, need: typed.need, text };
  }
}
