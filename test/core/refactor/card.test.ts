import { expect, test } from 'vitest';
import { alikeKey } from '../../../src/core/decisions/alike.ts';
import { listOpenDecisions } from '../../../src/core/decisions/open-decisions.ts';
import { cardOf, countBlocked, isCardDue, readCard } from '../../../src/core/views/card.ts';
import type { Decision } from '../../../src/core/decisions/control.ts';
import { throughJson } from '../builders.ts';
import { refactorWith } from '../text/foreign-states.ts';
import { threeTasks } from './three-tasks.ts';

const question: Decision = {
  id: 'a/question@1',
  kind: 'question',
  task: 'a',
  about: 'tabs or blanks?',
  digest: 'd1',
  openedAt: 1,
  owner: 'r/a.1',
};

test('a card says what waits, how much of the plan waits for it, and what it is about', () => {
  const run = threeTasks();
  run.settle();
  const [plan] = listOpenDecisions(run.refactor.control);
  expect(cardOf(run.refactor, 7)).toEqual({
    at: 7,
    goal: 'goal',
    state: 'plan gate',
    tasks: { done: 0, all: 0 },
    steps: 1,
    spend: { tokens: 120, usd: 0 },
    trouble: null,
    holds: [],
    needs: [
      {
        id: 'plan@1',
        kind: 'plan',
        risk: 'high',
        openedAt: plan?.openedAt,
        digest: plan?.digest,
        alike: expect.stringMatching(/^[0-9a-f]{16}$/),
        title: '- a (a/**): Do a',
        blocks: 3,
      },
    ],
    more: 0,
  });
});

test('a decision about a task blocks it and what depends on it; one about all blocks what is left', () => {
  const run = threeTasks();
  run.settle();
  run.send('approve', 'plan@1');
  const { refactor } = run;
  expect(countBlocked(refactor, { task: 'a' })).toBe(2);
  expect(countBlocked(refactor, { task: 'b' })).toBe(1);
  expect(countBlocked(refactor, {})).toBe(3);
});

test('every card can be read again, whatever texts it has; of many decisions the riskiest are on it', () => {
  for (const text of ['x'.repeat(20_000), '\u001b[2J\n\n', '🎉'.repeat(9000)]) {
    const state = { ...refactorWith(text), id: 'r' };
    const card = cardOf(state, 1);
    expect(readCard(throughJson(card))).toEqual(throughJson(card));
    expect(JSON.stringify(card).length).toBeLessThan(20_000);
  }
  const run = threeTasks();
  run.settle();
  const many = Array.from({ length: 50 }, (_, index) => ({ ...question, id: `a/question@${index}` }));
  const last = { ...question, id: 'a/effects@9', kind: 'effects' as const, risk: 'high' as const };
  const control = { ...run.refactor.control, decisions: [...many, last] };
  const card = cardOf({ ...run.refactor, control }, 1);
  expect([card.needs.length, card.more, card.needs[0]?.id]).toEqual([20, 31, 'a/effects@9']);
});

test('a card is written when something waits, goes wrong or is done, and seldom for mere progress', () => {
  const run = threeTasks();
  run.settle();
  const card = cardOf(run.refactor, 1000);
  const later = { ...card, at: 300_999, steps: card.steps + 1 };
  expect(isCardDue(undefined, card)).toBe(true);
  expect(isCardDue({ anything: 'else' }, card)).toBe(true);
  expect(isCardDue(card, { ...card, at: 9e9 })).toBe(false);
  expect(isCardDue(card, later)).toBe(false);
  expect(isCardDue(card, { ...later, at: 301_000 })).toBe(true);
  expect(isCardDue(card, { ...card, trouble: 'the model is away' })).toBe(true);
  expect(isCardDue(card, { ...card, needs: [] })).toBe(true);
});

test('decisions are alike if a person would read the same, and never if only a look at the changes tells', () => {
  const key = (change: Partial<Decision>, workflow = 'r'): string => alikeKey({ ...question, ...change }, workflow);
  const same = key({});
  expect(key({ id: 'b/question@7', owner: 'r2/b.1', openedAt: 99 }, 'r2')).toBe(same);
  expect(key({ about: 'tabs?' })).not.toBe(same);
  expect(key({ digest: 'd2' })).not.toBe(same);
  expect(key({ kind: 'call' })).not.toBe(same);
  // A commit is in the digest of findings, so it differs in each run.
  const found = { kind: 'effects' as const, about: 'HIGH secret src/a.ts:2: KEY = …\nby: echo', digest: 'c1' };
  expect(key({ ...found, digest: 'c2' }, 'r2')).toBe(key(found));
  expect(key({ ...found, risk: 'high' })).not.toBe(key({ ...found, risk: 'low' }));
  expect(key({ ...found, about: found.about.replace('src/a.ts:2', 'src/a.ts:3') })).not.toBe(key(found));
  // What is cut may differ where nobody sees it.
  const cut = { ...found, about: `${found.about}\n… 90 more characters: all of it is in the agent's checkpoints` };
  expect(key({ ...cut, digest: 'c2' })).not.toBe(key(cut));
  for (const kind of ['delivery', 'choice', 'review', 'checks'] as const)
    expect(key({ kind }, 'r2'), kind).not.toBe(key({ kind }));
});
