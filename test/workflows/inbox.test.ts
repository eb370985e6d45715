/** The inbox over many runs: alike decisions are decided together, and nothing that was not shown. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, test, vi } from 'vitest';
import type { AskedGroup, GroupChoice } from '../../src/cli/person/ask-group.ts';
import type { Sitting } from '../../src/cli/person/sit-inbox.ts';
import { sit } from '../../src/cli/person/sit-inbox.ts';
import { readInbox } from '../../src/client/inbox.ts';
import type { NeedView } from '../../src/core/views/status.ts';
import { refactorQueries, runQueries, updates } from '../../src/workflows/messages.ts';
import type { Crew } from './harness.ts';
import { recordHistories } from './record.ts';
import { ask, finish, makeRepository, onePlan, planned, ROOT, startCrew, status, until } from './harness.ts';

const WAIT = { timeout: 240_000, interval: 300 };
const yes: GroupChoice = { kind: 'all', reply: { update: updates.approve } };

function sitting(
  crew: Crew,
  campaign: string,
  asking: (asked: AskedGroup) => Promise<GroupChoice>,
): Sitting & { said: string[] } {
  const said: string[] = [];
  const hub = { hub: 'hub/{repository}.git', stateDir: crew.stateDir, remoteEnvironment: {} };
  return {
    client: crew.client,
    hub,
    filter: { campaign },
    by: 'ann',
    say: (line) => said.push(line),
    ask: asking,
    said,
  };
}

test('thirty decisions of ten runs, of which twenty are alike, are decided in eleven actions', async () => {
  const crew = await startCrew(({ task, turn, request }) => {
    if (task === 'plan') return planned(onePlan(...['a', 'b', 'c'].map((id) => ({ id, paths: [`${id}/**`] }))));
    if (turn > 0) return finish();
    const [, number = ''] = /goal (\d+)/.exec(JSON.stringify(request.items)) ?? [];
    return ask(task === 'c' ? `which name for ${number}?` : 'tabs or blanks?');
  });
  const campaign = randomUUID();
  const runs = await Promise.all(
    Array.from({ length: 10 }, async (_, at) =>
      crew.start({ repository: await makeRepository(), campaign, goal: `reach goal ${at}` }),
    ),
  );
  const waiting = async (count: number): Promise<void> =>
    await vi.waitFor(async () => {
      expect((await readInbox(crew.client, { campaign }, Date.now())).items).toBe(count);
    }, WAIT);
  await waiting(10);
  // The plans are alike as well: one action.
  const plans: string[] = [];
  const first = sitting(crew, campaign, async ({ need, count }) => {
    if (need?.kind !== 'plan') return await Promise.resolve({ kind: 'quit' });
    plans.push(`${count} ${need.id}`);
    return yes;
  });
  await sit(first);
  expect(plans).toEqual(['10 plan@1']);
  await waiting(30);
  const actions: string[] = [];
  const second = sitting(crew, campaign, async ({ need, count }) => {
    if (need?.kind !== 'question') return await Promise.resolve({ kind: 'quit' });
    actions.push(`${count} ${need.about}`);
    return { kind: 'all', reply: { update: updates.answer, fields: { text: `to ${need.about}: yes` } } };
  });
  await sit(second);
  expect(actions.toSorted()).toEqual([
    ...Array.from({ length: 10 }, (_, at) => `1 which name for ${at}?`),
    '20 tabs or blanks?',
  ]);
  for (const run of runs) {
    for (const task of ['a', 'b', 'c']) {
      const agent = crew.client.workflow.getHandle(`${run.workflowId}/${task}.1`);
      await vi.waitFor(async () => {
        const known = await agent.query(runQueries.decisions);
        const all = Array.isArray(known) ? known : known.closed;
        const about = all[0]?.about;
        expect(all.map(({ closed }) => [closed?.outcome, closed?.by, closed?.note])).toEqual([
          ['answered', 'ann', `to ${about}: yes`],
        ]);
      }, WAIT);
    }
  }
  await recordHistories({ 'v0.5-refactor-inbox': runs[0]?.workflowId ?? '' });
}, 600_000);

test('what changed between the look and the reply is left open, and said; the printed command decides it', async () => {
  const crew = await startCrew(({ task }) =>
    task === 'plan' ? planned(onePlan({ id: 'a', paths: ['a/**'] })) : ask('go on?'),
  );
  const campaign = randomUUID();
  const one = await crew.start({ repository: await makeRepository(), campaign });
  const two = await crew.start({ repository: await makeRepository(), campaign });
  for (const run of [one, two]) await until(run, ({ needs }) => needs.length === 1);
  await vi.waitFor(
    async () => expect((await readInbox(crew.client, { campaign }, Date.now())).groups).toHaveLength(1),
    WAIT,
  );
  const asked: [number, NeedView['id'] | undefined][] = [];
  const sat = sitting(crew, campaign, async ({ need, count }) => {
    asked.push([count, need?.id]);
    if (asked.length > 1) return { kind: 'quit' };
    const plan = onePlan({ id: 'other', paths: ['**'] });
    await two.executeUpdate(updates.revisePlan, { args: [{ version: 1, plan, by: 'bob' }] });
    return yes;
  });
  await sit(sat);
  expect(asked[0]).toEqual([2, 'plan@1']);
  expect(sat.said.join('\n')).toContain(`not decided: plan@1: withdrawn by coxswain  (${two.workflowId})`);
  expect((await one.query(refactorQueries.plan))?.approvedBy).toBe('ann');
  expect((await status(two)).needs.map(({ id }) => id)).toEqual(['plan@2']);

  const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), COXSWAIN_STATE: crew.stateDir };
  const cox = async (line: string) => await execa('sh', ['-c', line], { env, reject: false });
  const program = join(ROOT, 'bin/cox.mjs');
  await one.executeUpdate(updates.stop, { args: [{}] });
  await vi.waitFor(async () => {
    const { stdout, exitCode } = await cox(`'${program}' inbox --campaign ${campaign}`);
    expect([exitCode, stdout.split('\n').length]).toEqual([1, 1]);
    expect(stdout).toContain(`cox approve ${two.workflowId} plan@2 --digest `);
  }, WAIT);
  const { stdout } = await cox(`'${program}' inbox --campaign ${campaign}`);
  const [, command = ''] = /cox (approve .*)$/.exec(stdout) ?? [];
  expect(await cox(`'${program}' ${command}`)).toMatchObject({ exitCode: 0, stdout: 'applied: plan@2 approved' });
  await two.executeUpdate(updates.stop, { args: [{}] });
  await vi.waitFor(async () => {
    expect(await cox(`'${program}' inbox --campaign ${campaign}`)).toMatchObject({ exitCode: 0, stdout: '' });
  }, WAIT);
}, 600_000);
