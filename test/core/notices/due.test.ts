/** What people are told of a refactor: each thing once, only who wants it, and again when it is new again. */
import { expect, test } from 'vitest';
import { nextNotice, noteStall, noteTold, showFailing, takeNoticeReport } from '../../../src/core/notices/due.ts';
import { isAtWork, progressOf } from '../../../src/core/notices/stalls.ts';
import type { Notify } from '../../../src/core/policy/notify-field.ts';
import { NOTIFY, receiversOf } from '../../../src/core/policy/notify-field.ts';
import { resolvePolicy } from '../../../src/core/policy/resolve.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import type { RefactorState } from '../../../src/core/refactor/state.ts';
import { threeTasks } from '../refactor/three-tasks.ts';

/** A run with its plan to be approved, whose policy tells these receivers. */
function atPlan(notify: Notify[], more: Policy = {}): RefactorState {
  const run = threeTasks();
  run.settle();
  const resolved = resolvePolicy({ ...more, notify });
  if (resolved.kind === 'bad') throw new Error(resolved.problems.join());
  return { ...run.refactor, policy: resolved.policy, notices: { told: [] } };
}

/** Everything that is told, one after the other. */
function tellAll(state: RefactorState): { told: [string, string][]; state: RefactorState } {
  const told: [string, string][] = [];
  let now = state;
  for (let due = nextNotice(now, 1); due; due = nextNotice(now, 1)) {
    told.push([due.notice.text, due.receivers.map(({ to }) => to).join()]);
    now = noteTold(now, due.key);
  }
  return { told, state: now };
}

test('a decision is told once, to each receiver that wants to know what waits', () => {
  const state = atPlan([{ to: 'all' }, { to: 'ends-only', when: ['ends'] }, { to: 'chat', when: ['waits'] }]);
  const { told, state: after } = tellAll(state);
  expect(told).toEqual([[expect.stringMatching(/^r waits for a person: plan@1 \(plan, high risk\): /), 'all,chat']]);
  expect(nextNotice(after, 2)).toBeUndefined();
  const one = nextNotice(state, 1)?.notice;
  expect(one?.decision?.id).toBe('plan@1');
  expect(one?.id).toMatch(/^[0-9a-f]{32}$/);
  expect(nextNotice(state, 99)?.notice.id).toBe(one?.id);
  // The same name, opened again later, is news.
  const again = {
    ...after,
    control: { ...after.control, decisions: after.control.decisions.map((one) => ({ ...one, openedAt: 77 })) },
  };
  expect(nextNotice(again, 1)?.notice.id).not.toBe(one?.id);
});

test('without receivers, and in runs from before notices, nobody is told', () => {
  expect(nextNotice(atPlan([]), 1)).toBeUndefined();
  const { notices: _, ...former } = atPlan([{ to: 'all' }]);
  expect(nextNotice(former, 1)).toBeUndefined();
  expect(noteTold(former, 'x')).toBe(former);
});

test('a hold, three quarters of a budget, a standstill and the end are told', () => {
  const quiet = tellAll(atPlan([{ to: 'all' }], { budget: { tokens: 1000 } })).state;
  const spend = { inputTokens: 700, cachedTokens: 0, outputTokens: 49, costUsd: null, modelCalls: 1, acts: 0 };
  const spending = (more: number): RefactorState => ({
    ...quiet,
    agents: [],
    reviewSpend: { ...spend, outputTokens: more },
  });
  expect(tellAll(spending(49)).told).toEqual([]);
  const spent = tellAll(spending(50));
  expect(spent.told).toEqual([['r has used 750 tokens of 1000 tokens of its budget', 'all']]);
  expect(tellAll({ ...spent.state, budgetAdded: 1000 }).told).toEqual([]);
  const more = { ...spending(900), notices: spent.state.notices, budgetAdded: 1000 } as RefactorState;
  expect(tellAll(more).told).toEqual([['r has used 1600 tokens of 2000 tokens of its budget', 'all']]);

  const held = tellAll({ ...quiet, hold: { reason: 'the hub is gone', at: 5 } });
  expect(held.told).toEqual([['r holds: the hub is gone', 'all']]);

  const control = { ...quiet.control, decisions: [] };
  const working: RefactorState = { ...quiet, control };
  expect([isAtWork(working), isAtWork(quiet)]).toEqual([true, false]);
  const stalled = noteStall(working, progressOf(working));
  expect(tellAll(stalled).told).toEqual([['r has made no progress for long', 'all']]);
  expect(tellAll({ ...stalled, integrations: 1 }).told).toEqual([]);

  const ended = tellAll({ ...quiet, outcome: { kind: 'failed', type: 'Declined', reason: 'no way\nline' } });
  expect(ended.told).toEqual([['r has ended, failed: no way ⏎ line', 'all']]);
});

test('a receiver that fails is shown until it takes a notice again', () => {
  const state = atPlan([{ to: 'all' }]);
  const failing = takeNoticeReport(state, 0, { to: 'all', problem: 'it answers with HTTP 500' });
  expect(showFailing(failing)).toBe(
    'the receiver all takes no notice since 1970-01-01T00:00:00.000Z: it answers with HTTP 500',
  );
  const later = takeNoticeReport(failing, 9000, { to: 'all', problem: 'no answer in 15 s' });
  expect(showFailing(later)).toContain('since 1970-01-01T00:00:00.000Z: no answer');
  expect(showFailing(takeNoticeReport(later, 9000, { to: 'all', problem: null }))).toBeNull();
});

test('layers add receivers, in any order; a receiver is quiet only where all its entries are', () => {
  const one: Notify[] = [{ to: 'b' }, { to: 'a', when: ['ends'] }];
  const other: Notify[] = [{ to: 'b' }, { to: 'c' }];
  expect(NOTIFY.tighten(one, other)).toEqual(NOTIFY.tighten(other, one));
  expect(
    NOTIFY.tighten(one, other)
      .map(({ to }) => to)
      .toSorted(),
  ).toEqual(['a', 'b', 'c']);
  const quiet = { from: '20:00', until: '07:00' };
  expect(
    receiversOf(
      [
        { to: 'a', quiet },
        { to: 'a', when: ['ends'] },
      ],
      'ends',
    ),
  ).toEqual([{ to: 'a', quiet: [] }]);
  expect(
    receiversOf(
      [
        { to: 'a', quiet },
        { to: 'a', when: ['ends'] },
      ],
      'waits',
    ),
  ).toEqual([{ to: 'a', quiet: [quiet] }]);
});
