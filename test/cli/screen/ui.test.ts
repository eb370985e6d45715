/** What keys do on the full screen of `cox watch`, without a terminal. */
import { expect, test } from 'vitest';
import type { Ui, Wish } from '../../../src/cli/screen/ui.ts';
import { FIRST_UI, markSeen, press, refresh, rowAt } from '../../../src/cli/screen/ui.ts';
import type { ScreenView } from '../../../src/cli/screen/view.ts';
import { needOf, viewOf } from './screens.ts';

const KEYS = { '↑': 'up', '↓': 'down', '⏎': 'enter', '⎋': 'escape', '⌫': 'backspace', '^': 'interrupt' } as const;

/** Presses these keys one after another; in a hurry no panel is seen before the next key. */
function type(view: ScreenView, keys: string, from: Ui = FIRST_UI, isHurried = false): { ui: Ui; wishes: Wish[] } {
  let ui = from;
  const wishes: Wish[] = [];
  for (const character of keys) {
    const key = KEYS[character as keyof typeof KEYS];
    const done = press(ui, view, key ? { text: '', key } : { text: character });
    ({ ui } = done);
    if (ui.mode.kind === 'decide' && !isHurried) ui = markSeen(ui, ui.mode.need);
    if (done.wish) wishes.push(done.wish);
  }
  return { ui, wishes };
}

const view = viewOf();
const need = view.rows[0]?.need;

test('the cursor goes over decisions, tasks and agents, and stays on its row when rows come and go', () => {
  const { ui } = type(view, '↓↓↓');
  expect(rowAt(view, ui)?.key).toBe('agent s1/src.1');
  expect(rowAt(viewOf({ needs: [] }), ui)?.key).toBe('agent s1/src.1');
  expect(rowAt(view, type(view, '↓↓↓↓↓↓↓↓').ui)?.key).toBe('task docs');
  expect(rowAt(view, type(view, '↓↑↑↑').ui)?.need?.id).toBe('src/outside@1');
});

test('a decision is approved from its panel only, and by no key that was pressed before the panel was seen', () => {
  expect(type(view, 'a').wishes).toEqual([]);
  expect(type(view, 'aa').wishes).toEqual([{ do: 'approve', need }]);
  expect(type(view, 'aa', FIRST_UI, true).wishes).toEqual([]);
  expect(type(view, 'a⎋').ui.mode.kind).toBe('list');
  expect(type(view, '⏎x⏎y').wishes).toEqual([]);
});

test('a rejection takes a note, and needs one where it asks for changes', () => {
  expect(type(view, 'rrno⌫ope⏎').wishes).toEqual([{ do: 'reject', need, text: 'nope' }]);
  expect(type(view, 'rr⏎').wishes).toEqual([{ do: 'reject', need, text: '' }]);
  expect(type(view, 'rrno⎋⎋').ui.mode.kind).toBe('list');
  const strict = needOf({ does: { approve: 'a', reject: 'r', note: 'required' } });
  const asked = type(viewOf({ needs: [strict] }), 'rr⏎');
  expect(asked.wishes).toEqual([]);
  expect(asked.ui).toMatchObject({ said: 'it needs some words; Esc goes back', mode: { kind: 'type' } });
});

test('a question is answered in words, a choice by a number, and neither is approved by a key', () => {
  const question = viewOf({ needs: [needOf({ kind: 'question', id: 'src/question@1' })] });
  expect(type(question, 'aaa').wishes).toEqual([]);
  expect(type(question, '⏎eyes⏎').wishes).toMatchObject([
    { do: 'answer', need: { id: 'src/question@1' }, text: 'yes' },
  ]);
  const [, src] = viewOf().rows.filter(({ key }) => key.startsWith('task'));
  expect(src?.task).toBe('src');
  const tasks = [{ id: 'src', title: 't', status: 'working', agent: null, steps: 0, needs: [], trouble: null }];
  const rivals = ['s1/src.1', 's1/src.2'];
  const choice = viewOf({ needs: [needOf({ kind: 'choice' })], tasks: tasks.map((task) => ({ ...task, rivals })) });
  expect(type(choice, '⏎a3').wishes).toEqual([]);
  expect(type(choice, '⏎2').wishes).toEqual([{ do: 'choose', agent: 's1/src.2' }]);
});

test('a panel closes when its decision was made elsewhere or has changed, and then no key decides', () => {
  const { ui } = type(view, 'a');
  const changed = viewOf({ needs: [needOf({ digest: 'e'.repeat(64) })] });
  for (const next of [viewOf({ needs: [] }), changed]) {
    const closed = refresh(ui, next);
    expect(closed).toMatchObject({
      mode: { kind: 'list' },
      said: expect.stringContaining('not open any more') as string,
    });
  }
  expect(refresh(type(view, 'rrwords').ui, changed).mode.kind).toBe('list');
  expect(refresh(ui, view)).toBe(ui);
});

test('words go to the agent of the row; a pasted text stays one line; p pauses and resumes', () => {
  expect(type(view, '↓↓sbe brief⏎').wishes).toEqual([{ do: 'steer', text: 'be brief', interrupt: false, task: 'src' }]);
  expect(type(view, '↓↓Sstop⏎').wishes).toEqual([{ do: 'steer', text: 'stop', interrupt: true, task: 'src' }]);
  const pasted = press(type(view, 's').ui, view, { text: 'two\nlines\u001b' }).ui;
  expect(type(view, '⏎', pasted).wishes).toMatchObject([{ do: 'steer', text: 'two lines' }]);
  expect(type(view, 'plunch⏎').wishes).toEqual([{ do: 'pause', text: 'lunch' }]);
  expect(type(viewOf({ paused: 'by ann' }), 'p').wishes).toEqual([{ do: 'resume' }]);
});

test('q and Ctrl-C leave; Ctrl-C leaves from everywhere, and q is a letter where words are typed', () => {
  expect(type(view, 'q').wishes).toEqual([{ do: 'leave' }]);
  for (const keys of ['^', 'a^', 's^', '?^']) expect(type(view, keys).wishes.at(-1)).toEqual({ do: 'leave' });
  expect(type(view, 'sq').ui.mode).toMatchObject({ kind: 'type', text: 'q' });
  expect(type(view, '?x').ui.mode.kind).toBe('list');
});
