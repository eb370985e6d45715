import { expect, test } from 'vitest';
import { groupFleet } from '../../../src/client/fleet-sums.ts';
import type { FleetRun } from '../../../src/client/fleet.ts';
import { showFleet, showList } from '../../../src/cli/person/show-fleet.ts';
import type { RunCard } from '../../../src/core/views/card.ts';

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;
const card: RunCard = {
  at: NOW - MINUTE,
  goal: 'Tidy the sources',
  state: 'working',
  tasks: { done: 2, all: 5 },
  steps: 9,
  spend: { tokens: 56_900, usd: 0.31 },
  trouble: null,
  holds: [],
  needs: [],
  more: 0,
};
const need = { kind: 'effects', openedAt: 1, digest: 'd', alike: 'a', title: 'a secret', blocks: 1 };
const run: FleetRun = {
  id: 's1',
  state: 'working',
  isOpen: true,
  repository: '/srv/git/itsdangerous.git',
  team: 'blue',
  campaign: undefined,
  startedAt: NOW - 12 * MINUTE,
  closedAt: undefined,
  needs: [],
  card,
};
const waiting: FleetRun = {
  ...run,
  id: 's4',
  repository: 'https://git.example.com/team/app',
  team: undefined,
  needs: ['effects', 'question'],
  card: {
    ...card,
    needs: [
      { ...need, id: 'src/effects@1', risk: 'high', late: 'overdue' },
      { ...need, id: 'src/question@1', risk: 'low' },
    ],
  },
};
const still: FleetRun = { ...run, id: 's5', card: { ...card, at: NOW - 25 * MINUTE } };
const troubled: FleetRun = { ...run, id: 's6', card: { ...card, trouble: 'think: the model\u001b[2J is away' } };
const old: FleetRun = { ...run, id: 's7', team: undefined, needs: ['plan'], card: undefined };
const ended: FleetRun = { ...run, id: 's0', state: 'done', isOpen: false, closedAt: NOW - 2 * MINUTE };

test('a list has those that need somebody first, what is wrong below each, and ended ones apart', () => {
  expect(showList({ open: [run, still, troubled, waiting, old], ended: [ended], now: NOW }).split('\n')).toEqual([
    '5 open: 2 need you, 1 in trouble, 1 without progress, 227600 tokens',
    'ID  STATE    AGE     NEEDS                     TASKS  SPENT        TEAM  REPOSITORY    GOAL',
    's4  working  12 min  src/effects@1 overdue +1  2/5    56.9k $0.31        app           Tidy the sources',
    's7  working  12 min  plan                                          blue  itsdangerous'.replace('blue', '    '),
    's1  working  12 min                            2/5    56.9k $0.31  blue  itsdangerous  Tidy the sources',
    's5  working  12 min                            2/5    56.9k $0.31  blue  itsdangerous  Tidy the sources',
    '    ! no progress for 25 min',
    's6  working  12 min                            2/5    56.9k $0.31  blue  itsdangerous  Tidy the sources',
    String.raw`    ! trouble: think: the model\u{1b}[2J is away`,
    '',
    'ended, the newest 1:',
    'ID  STATE  AGE     TASKS  SPENT        TEAM  REPOSITORY    GOAL',
    's0  done   10 min  2/5    56.9k $0.31  blue  itsdangerous  Tidy the sources',
  ]);
});

test('a run that waits for a person, is paused, or prepares for half an hour does not stand still', () => {
  const long = { ...card, at: NOW - 40 * MINUTE };
  const quiet = [
    { ...waiting, card: { ...long, needs: waiting.card?.needs ?? [] } },
    { ...run, state: 'paused', card: long },
    { ...run, state: 'preparing', card: long },
    ended,
  ];
  expect(groupFleet(quiet, 'campaign', NOW)).toMatchObject([{ name: '', runs: 4, stalled: 0 }]);
});

test('sums go by team, need or repository, and say what needs a look', () => {
  const open = [run, troubled, waiting];
  const groups = (['team', 'needs', 'campaign'] as const).map((by) => [by, groupFleet(open, by, NOW)] as const);
  expect(showFleet(groups, { open, ended: [], now: NOW }).split('\n')).toEqual([
    '3 open: 1 need you, 1 in trouble, 170700 tokens ($0.93)',
    '',
    'TEAM  OPEN  NEED YOU  TROUBLE  STALLED  SPENT',
    'blue  2     –         1        –        113.8k $0.62',
    'none  1     1         –        –        56.9k $0.31',
    '',
    'NEEDS     OPEN  NEED YOU  TROUBLE  STALLED  SPENT',
    'effects   1     1         –        –        56.9k $0.31',
    'question  1     1         –        –        56.9k $0.31',
    '',
    'to look at:',
    'ID  STATE    AGE     NEEDS                     TASKS  SPENT        TEAM  REPOSITORY    GOAL',
    's6  working  12 min                            2/5    56.9k $0.31  blue  itsdangerous  Tidy the sources',
    's4  working  12 min  src/effects@1 overdue +1  2/5    56.9k $0.31        app           Tidy the sources',
  ]);
});
