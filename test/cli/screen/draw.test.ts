/** The full screen of `cox watch`, drawn without a terminal. */
import { renderToString } from 'ink';
import { createElement } from 'react';
import { expect, test } from 'vitest';
import { RunScreen } from '../../../src/cli/screen/draw.ts';
import type { Ui } from '../../../src/cli/screen/ui.ts';
import { FIRST_UI } from '../../../src/cli/screen/ui.ts';
import { needOf, viewOf } from './screens.ts';

const SIZE = { columns: 80, rows: 24 };

function draw(view: ReturnType<typeof viewOf>, ui: Partial<Ui> = {}, size = SIZE, whole?: string): string {
  const element = createElement(RunScreen, { view, ui: { ...FIRST_UI, ...ui }, size, whole });
  return renderToString(element, { columns: size.columns });
}

const steady = (text: string): string =>
  text.replaceAll(/(?:1970-01-01 )?\d\d:\d\d:\d\d/g, 'hh:mm:ss').replaceAll(/ +$/gm, '');

test('in 80 columns and 24 rows it has the run, what waits, plan, agents, output, messages and keys', () => {
  expect(steady(draw(viewOf(), { cursor: 'agent s1/src.1' }))).toBe(`s1  Tidy the sources
working  ·  1 min 1 s  ·  56.9k tokens  ·  $0.31 of $4  ·  /r at 69f7ef6aaa
─ plan, 1 waiting for you ──────────────────────────────────────────────────────
● src/outside@1  changed outside the task: README.md            medium 1 min 0 s
✔ tests  Do tests                                                        6 steps
▶ src  Do src                                                            9 steps
  └ src.1  runs pytest -x: 14 s of at most 1 min 0 s, 3 KiB so far        step 9
· docs  Do docs                                                          waiting
─ src.1  step 9 of 40: runs pytest -x: 14 s of at most 1 min 0 s, 3 KiB so far ─
hh:mm:ss said: I edit the files
  | collected 42
  | 3 passed







─ messages ─────────────────────────────────────────────────────────────────────
hh:mm:ss steer “be brief”: read (ann)
↑↓ select  ⏎ open  d diff  c conversation  a approve  r reject  s steer
S interrupt and steer  p pause or resume  ? help  q leave (the run goes on)`);
});

test.each([
  { columns: 80, rows: 24 },
  { columns: 40, rows: 10 },
  { columns: 200, rows: 60 },
])('it never has more rows or columns than the terminal: $columns × $rows', (size) => {
  const long = 'wörld 世界 '.repeat(60);
  const needs = Array.from({ length: 30 }, (_, at) =>
    needOf({ id: `src/outside@${at}`, about: `${long}\n`.repeat(90) }),
  );
  const view = viewOf({ needs, goal: long, hold: long, trouble: long });
  const modes: Ui['mode'][] = [
    { kind: 'list' },
    { kind: 'help' },
    { kind: 'decide', need: needOf({ about: `${long}\n`.repeat(90) }), scroll: 3, isSeen: true },
    { kind: 'type', typed: { for: 'pause' }, text: long, back: { kind: 'list' } },
  ];
  for (const mode of modes) {
    const lines = draw(view, { mode, said: long }, size).split('\n');
    expect(lines.length).toBeLessThan(size.rows);
    for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(size.columns);
  }
});

test('a decision is shown whole, wrapped and by scrolling, with what each answer does', () => {
  const about = `${'x'.repeat(100)}\n${Array.from({ length: 40 }, (_, at) => `line ${at}`).join('\n')}`;
  const need = needOf({ about });
  const seen = new Set<string>();
  for (let scroll = 0; scroll < 60; scroll += 5) {
    const drawn = draw(viewOf({ needs: [need] }), { mode: { kind: 'decide', need, scroll, isSeen: true } });
    for (const line of drawn.split('\n')) seen.add(line.trim());
    expect(drawn).toContain('a  approve: it is kept\nr  reject: it is undone\n');
    expect(drawn).toContain('digest d1d1d1d1d1d1');
  }
  for (const line of [`| ${'x'.repeat(76)}`, `| ${'x'.repeat(24)}`, '| line 0', '| line 20', '| line 39'])
    expect(seen).toContain(line);
});

test('nothing that a model, a repository or a person wrote moves the cursor or draws a line', () => {
  const evil = 'a\u001b[2J\u202e\nb';
  const drawn = draw(viewOf({ goal: evil, hold: evil, needs: [needOf({ about: evil })] }), {
    mode: { kind: 'decide', need: needOf({ about: evil }), scroll: 0, isSeen: true },
  });
  // eslint-disable-next-line no-control-regex
  expect(drawn).not.toMatch(/\u001b\[2J|\u202e/);
  expect(drawn).toContain('a\\u{1b}[2J\\u{202e}');
});
