import { describe, expect, test } from 'vitest';
import type { AskedGroup, GroupChoice } from '../../../src/cli/person/ask-group.ts';
import { askGroup } from '../../../src/cli/person/ask-group.ts';
import { commandOf, showGroups, showHead, showLines, showResults } from '../../../src/cli/person/show-inbox.ts';
import type { InboxItem } from '../../../src/core/views/inbox.ts';
import { groupItems } from '../../../src/core/views/inbox.ts';
import type { NeedView } from '../../../src/core/views/status.ts';
import { updates } from '../../../src/workflows/messages.ts';

const MINUTE = 60_000;
const NOW = 1000 * MINUTE;

const question: InboxItem = {
  run: 'u1',
  repository: '/srv/git/app.git',
  team: undefined,
  campaign: undefined,
  goal: 'Tidy it',
  id: 'a/question@1',
  kind: 'question',
  risk: 'low',
  openedAt: NOW - 12 * MINUTE,
  digest: 'd'.repeat(64),
  alike: 'q',
  title: 'Keep the alias?\u001b[2J',
  owner: 'u1/a.1',
  blocks: 1,
};
const other: InboxItem = { ...question, run: 'u2', repository: '/srv/git/lib', openedAt: NOW - MINUTE };
const secret: InboxItem = {
  ...question,
  run: 's4',
  id: 'src/effects@1',
  kind: 'effects',
  risk: 'high',
  alike: 'e',
  title: 'HIGH secret src/settings.py:2',
  late: 'overdue',
  blocks: 3,
};
const groups = groupItems([question, other, secret], NOW);

test('piped, each decision is one line with the command that decides exactly it', () => {
  expect(showLines(groups, NOW)).toEqual([
    'HIGH overdue  12 min  s4   src/effects@1  HIGH secret src/settings.py:2  cox approve s4 src/effects@1 --digest dddddddddddd',
    String.raw`low           12 min  u1   a/question@1   Keep the alias?\u{1b}[2J       cox answer u1 "…" --question a/question@1`,
    String.raw`low           1 min   u2   a/question@1   Keep the alias?\u{1b}[2J       cox answer u2 "…" --question a/question@1`,
  ]);
  expect(showLines([], NOW)).toEqual([]);
  expect(commandOf({ ...question, kind: 'hold', id: 'a.1/hold' })).toBe('cox resume u1/a.1');
  expect(commandOf({ ...question, kind: 'choice' })).toBe('cox choose u1 <agent>');
});

test('at a terminal alike decisions are one row, and above a decision each of its runs is named', () => {
  expect(showGroups(groups, NOW).split('\n')).toEqual([
    'RISK          AGE     WHAT           RUN     REPOSITORY      ABOUT',
    'HIGH overdue  12 min  src/effects@1  s4      app             HIGH secret src/settings.py:2',
    String.raw`low           12 min  2 × question   u1, u2  2 repositories  Keep the alias?\u{1b}[2J`,
  ]);
  expect(groups[1] && showHead(groups[1], NOW).split('\n')).toEqual([
    '── 2 alike, question, low risk, waits 12 min, blocks 2 tasks',
    '  u1 a/question@1 (app, goal Tidy it)',
    '  u2 a/question@1 (lib, goal Tidy it)',
  ]);
});

test('equal results are one line; what was not decided says why', () => {
  expect(
    showResults([
      { item: question, kind: 'applied', detail: 'a/question@1 answered' },
      { item: other, kind: 'applied', detail: 'a/question@1 answered' },
      { item: secret, kind: 'left', detail: 'src/effects@1 is not open any more' },
    ]).split('\n'),
  ).toEqual(['  applied: a/question@1 answered  (u1, u2)', '  not decided: src/effects@1 is not open any more  (s4)']);
});

describe('a group is asked about', () => {
  const need = {
    id: 'src/effects@1',
    kind: 'effects',
    does: { approve: 'kept', reject: 'undone', note: 'optional' },
  } as NeedView;

  async function choose(lines: string[], asked: Partial<AskedGroup> = {}): Promise<[GroupChoice, string]> {
    let said = '';
    const choice = await askGroup(
      async (text) => {
        said += text;
        return await Promise.resolve(lines.shift());
      },
      { need, rivals: [], count: 20, ...asked },
    );
    return [choice, said];
  }

  test('with one key for all, whose words say how many, and one for the first only', async () => {
    const [choice, said] = await choose(['yes', 'y']);
    expect(choice).toEqual({ kind: 'all', reply: { update: updates.approve } });
    expect(said).toContain('  y  all 20: yes: kept\n  n  all 20: no: undone\n  o  only the first: ');
    expect(said).toContain('"yes" is none of the keys, so nothing was decided.');
    expect((await choose(['n', 'because']))[0]).toEqual({
      kind: 'all',
      reply: { update: updates.reject, fields: { note: 'because' } },
    });
    expect((await choose(['o']))[0]).toEqual({ kind: 'first' });
    expect((await choose(['l']))[0]).toEqual({ kind: 'next' });
    expect((await choose(['q']))[0]).toEqual({ kind: 'quit' });
    expect((await choose([]))[0]).toEqual({ kind: 'quit' });
  });

  test('by the keys of a single decision where there is only one, and by resume where runs hold', async () => {
    const [, said] = await choose(['l'], { count: 1 });
    expect(said).toContain('  y  yes: kept\n  n  no: undone\n  l  leave it open, and go to the next\n');
    expect((await choose(['y'], { need: undefined }))[0]).toEqual({ kind: 'all', reply: { update: updates.resume } });
    const asks = { id: 'a/question@1', kind: 'question' } as NeedView;
    expect((await choose(['a', '', 'a', 'tabs'], { need: asks }))[0]).toEqual({
      kind: 'all',
      reply: { update: updates.answer, fields: { text: 'tabs' } },
    });
  });
});
