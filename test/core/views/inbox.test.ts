import { describe, expect, test } from 'vitest';
import type { NeedCard, RunCard } from '../../../src/core/views/card.ts';
import type { WaitingRun } from '../../../src/core/views/inbox.ts';
import { groupItems, listItems } from '../../../src/core/views/inbox.ts';

const HOUR = 3_600_000;
const NOW = 100 * HOUR;

const need: NeedCard = {
  id: 'a/question@1',
  kind: 'question',
  risk: 'low',
  openedAt: NOW - HOUR,
  digest: 'd1',
  alike: 'tabs?',
  title: 'tabs or blanks?',
  owner: 'r/a.1',
  blocks: 1,
};

function runOf(id: string, needs: Partial<NeedCard>[], holds: RunCard['holds'] = []): WaitingRun {
  const card: RunCard = {
    at: NOW,
    goal: `goal of ${id}`,
    state: 'working',
    tasks: { done: 0, all: 2 },
    steps: 1,
    spend: { tokens: 1, usd: null },
    trouble: null,
    holds,
    needs: needs.map((change) => ({ ...need, ...change })),
    more: 0,
  };
  return { id, repository: `/srv/${id}`, team: undefined, campaign: undefined, card };
}

/** The groups as lists of `run id`. */
function group(...runs: WaitingRun[]): string[][] {
  return groupItems(listItems(runs), NOW).map(({ items }) => items.map(({ run, id }) => `${run} ${id}`));
}

describe('the inbox', () => {
  test('has alike decisions of all runs as one group, the oldest of it first', () => {
    const runs = [
      runOf('r1', [{}, { id: 'b/question@1', alike: 'other?' }]),
      runOf('r2', [{ openedAt: NOW - 2 * HOUR }]),
      { ...runOf('r3', []), card: undefined },
    ];
    expect(group(...runs)).toEqual([['r2 a/question@1', 'r1 a/question@1'], ['r1 b/question@1']]);
    expect(groupItems(listItems(runs), NOW)[0]).toMatchObject({
      alike: 'tabs?',
      kind: 'question',
      risk: 'low',
      title: 'tabs or blanks?',
      blocks: 2,
      openedAt: NOW - 2 * HOUR,
      due: undefined,
      late: undefined,
    });
  });

  test('is ordered by risk, then by how much work waits, then by age', () => {
    const runs = [
      runOf('old', [{ alike: '1', openedAt: 1 }]),
      runOf('blocking', [{ alike: '2', blocks: 5 }]),
      runOf('risky', [{ alike: '3', risk: 'high', openedAt: NOW }]),
      runOf('middle', [{ alike: '4', risk: 'medium' }]),
      runOf('new', [{ alike: '5' }]),
    ];
    expect(
      group(...runs)
        .flat()
        .map((name) => name.split(' ')[0]),
    ).toEqual(['risky', 'middle', 'blocking', 'old', 'new']);
  });

  test('counts a decision on which policy acts within an hour, or has acted, as one step riskier', () => {
    const runs = [
      runOf('plain', [{ alike: '1', risk: 'medium', blocks: 3 }]),
      runOf('soon', [{ alike: '2', due: NOW + HOUR, blocks: 4 }]),
      runOf('later', [{ alike: '3', due: NOW + HOUR + 1, blocks: 9 }]),
      runOf('late', [{ alike: '4', late: 'overdue', blocks: 5 }]),
    ];
    expect(
      group(...runs)
        .flat()
        .map((name) => name.split(' ')[0]),
    ).toEqual(['late', 'soon', 'plain', 'later']);
    const many = [runOf('x', [{ due: NOW + 9 * HOUR }]), runOf('y', [{ due: NOW + 2 * HOUR }]), runOf('z', [{}])];
    expect(groupItems(listItems(many), NOW)).toMatchObject([{ due: NOW + 2 * HOUR, blocks: 3 }]);
  });

  test('has what holds too, alike if the reason is the same', () => {
    const hold = (workflow: string, reason = 'the model is away') => ({ workflow, reason, at: NOW - HOUR });
    const runs = [
      runOf('r1', [], [hold('r1')]),
      runOf('r2', [], [hold('r2/a.1')]),
      runOf('r3', [], [hold('r3', 'the branch exists')]),
    ];
    expect(group(...runs)).toEqual([['r1 hold', 'r2 a.1/hold'], ['r3 hold']]);
    expect(groupItems(listItems(runs), NOW)[0]).toMatchObject({ kind: 'hold', title: 'the model is away' });
  });
});
