/** Lists of runs come from Temporal's list alone: what each needs, its spend, goal and trouble, for a thousand runs. */
import { randomUUID } from 'node:crypto';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { groupFleet } from '../../src/client/fleet-sums.ts';
import { fleetQuery, readFleet } from '../../src/client/fleet.ts';
import { connectClient } from '../../src/client/connect.ts';
import type { RunCard } from '../../src/core/views/card.ts';
import { CARD } from '../../src/core/views/card.ts';
import { updates } from '../../src/workflows/messages.ts';
import {
  approve,
  ask,
  finish,
  makeRepository,
  onePlan,
  planned,
  shell,
  startCrew,
  temporal,
  until,
} from './harness.ts';

const WAIT = { timeout: 240_000, interval: 200 };

test('a list shows what each run needs and is about; an agent is no run of its own; ended ones are apart', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }, { id: 'b', paths: ['b/**'] }));
    if (turn === 0) return ask(`which name for ${task}?`);
    return turn === 1 ? shell(`mkdir -p ${task} && echo x > ${task}/name`) : finish();
  });
  const campaign = `it's "big" ${randomUUID()}`;
  const team = String.raw`blue\it's`;
  const one = await crew.start({ repository: await makeRepository(), campaign, team, goal: 'the first goal' });
  const two = await crew.start({ repository: await makeRepository(), campaign, goal: 'the second goal' });
  await approve(one, 'plan@1');
  await until(one, ({ needs }) => needs.length === 2);
  await until(two, ({ needs }) => needs.length === 1);
  const open = async () => await readFleet(crew.client, { campaign }, { which: 'open' });
  await vi.waitFor(async () => {
    const runs = await open();
    expect(runs.map(({ id }) => id)).toEqual([two.workflowId, one.workflowId]);
    expect(runs.map(({ card }) => card?.needs.map(({ id, title }) => [id, title]))).toEqual([
      [['plan@1', '- a (a/**): Do a']],
      [
        ['a/question@1', 'which name for a?'],
        ['b/question@1', 'which name for b?'],
      ],
    ]);
    expect(runs.map(({ state, needs, card, team }) => [state, needs, card?.goal, team])).toEqual([
      ['plan gate', ['plan'], 'the second goal', undefined],
      ['working', ['question'], 'the first goal', team],
    ]);
  }, WAIT);
  // The second question is of the same kind as the first: the list follows all the same.
  await one.executeUpdate(updates.answer, { args: [{ question: 'a/question@1', text: 'x', by: 'ann' }] });
  await vi.waitFor(
    async () => expect((await open())[1]?.card?.needs.map(({ id }) => id)).toEqual(['b/question@1']),
    WAIT,
  );
  for (const filter of [{ team }, { needs: 'question' }, { state: 'working' }, { query: 'CoxTeam IS NOT NULL' }])
    expect((await readFleet(crew.client, { campaign, ...filter }, { which: 'open' })).map(({ id }) => id)).toEqual([
      one.workflowId,
    ]);
  await two.executeUpdate(updates.stop, { args: [{}] });
  await two.result();
  const ended = async () => await readFleet(crew.client, { campaign }, { which: 'ended', most: 5 });
  await vi.waitFor(
    async () => expect((await ended()).map(({ id, state }) => [id, state])).toEqual([[two.workflowId, 'stopped']]),
    WAIT,
  );
  expect((await open()).map(({ id }) => id)).toEqual([one.workflowId]);
  await one.executeUpdate(updates.stop, { args: [{}] });
}, 600_000);

test('a thousand waiting runs are read and summed from five pages of a list, without asking any of them', async () => {
  const connected = await connectClient({ address: inject('temporalAddress'), namespace: 'default' });
  const { client } = connected;
  const campaign = randomUUID();
  const query = fleetQuery({ campaign }, 'open');
  onTestFinished(async () => {
    await temporal('workflow', 'terminate', '--query', query, '--yes', '--reason', 'the test is over');
    await connected.close();
  });
  const attribute = (name: string, value: string) => ({
    key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
    value,
  });
  const need = { kind: 'question', risk: 'low' as const, openedAt: 1, digest: 'd'.repeat(64), alike: 'a'.repeat(16) };
  const card: RunCard = {
    at: 1,
    goal: 'g'.repeat(160),
    state: 'working',
    tasks: { done: 1, all: 3 },
    steps: 9,
    spend: { tokens: 1000, usd: 0.5 },
    trouble: null,
    holds: [],
    needs: [1, 2, 3].map((at) => ({ ...need, id: `t${at}/question@1`, title: 't'.repeat(160), blocks: 1 })),
    more: 0,
  };
  const start = async (index: number): Promise<void> => {
    await client.workflow.start('refactor', {
      taskQueue: `nobody-${campaign}`,
      workflowId: `${campaign}-${index}`,
      args: [{}],
      memo: { [CARD]: card },
      typedSearchAttributes: [
        attribute('CoxCampaign', campaign),
        attribute('CoxTeam', index % 2 === 0 ? 'blue' : 'green'),
        attribute('CoxState', 'working'),
      ],
    });
  };
  for (let from = 0; from < 1000; from += 50)
    await Promise.all(Array.from({ length: 50 }, async (_, index) => await start(from + index)));
  await vi.waitFor(async () => expect(await client.workflow.count(query)).toMatchObject({ count: 1000 }), WAIT);
  const list = vi.spyOn(client.workflowService, 'listWorkflowExecutions');
  const ask = vi.spyOn(client.workflowService, 'queryWorkflow');
  const runs = await readFleet(client, { campaign }, { which: 'open' });
  const sums = groupFleet(runs, 'team', Date.now());
  expect([list.mock.calls.length, ask.mock.calls.length]).toEqual([5, 0]);
  expect(sums.map(({ name, runs: count, waiting, tokens, usd }) => [name, count, waiting, tokens, usd])).toEqual([
    ['blue', 500, 500, 500_000, 250],
    ['green', 500, 500, 500_000, 250],
  ]);
});
