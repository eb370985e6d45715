import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { execa } from 'execa';
import { describe, expect, inject, test } from 'vitest';
import type { MessageResult } from '../../src/core/decisions/receipts.ts';
import type { AgentStatus } from '../../src/core/views/status.ts';
import { openKeyRing } from '../../src/seal/key-ring.ts';
import { bundleWorkflows } from '../../src/stack/bundle-workflows.ts';
import { openDataConverter } from '../../src/worker.ts';
import { agentQueries, updates } from '../../src/workflows/messages.ts';
import { Keys } from '../core/signers.ts';
import { realKeys } from '../signing/real-keys.ts';
import { startForgetfulServer } from './forgetful-server.ts';
import { approveAs, decisionsOf, needOf, ONE_TASK, signed, textOf } from './signing.ts';
import {
  ask,
  finish,
  git,
  makeRepository,
  onePlan,
  planned,
  ROOT,
  shell,
  startCrew,
  status,
  temporal,
  TEST_KEY,
  until,
} from './harness.ts';

async function untilAgent(agent: WorkflowHandle, condition: (now: AgentStatus) => boolean): Promise<AgentStatus> {
  for (const deadline = Date.now() + 40_000; ; ) {
    const now = await agent.query(agentQueries.status);
    if (condition(now)) return now;
    if (Date.now() > deadline) throw new Error(`never came to be: ${JSON.stringify(now)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('a refactor goes from goal to branch by signed decisions only, those of its agents included', async () => {
  const keys = realKeys();
  const crew = await startCrew(ONE_TASK);
  const repository = await makeRepository();
  const policy = { ...decisionsOf(keys, { quorum: { delivery: 2 } }), gates: { commands: 'ask' as const } };
  const handle = await crew.start({ repository, branch: 'signed', policy });
  const { digest } = await needOf(handle, 'plan@1');
  const unsigned = { decision: 'plan@1', digest, by: 'ann' };
  expect(await handle.executeUpdate(updates.approve, { args: [unsigned] })).toMatchObject({ kind: 'refused' });
  expect(await approveAs(keys, 'mallory', handle, 'plan@1')).toMatchObject({
    kind: 'refused',
    detail: expect.stringContaining('not listed'),
  });
  // By the plain temporal program, as everything.
  const update = ['workflow', 'update', 'execute', '--workflow-id', handle.workflowId, '--name', 'approve'];
  const message = JSON.stringify(await signed(keys, 'ann', handle, 'plan@1'));
  expect(await temporal(...update, '--input', message)).toContain('plan@1 approved');
  // The agent's call is decided where the agent is, over the agent's own decision.
  const { owner = '' } = await needOf(handle, 'a/call@1');
  const agent = crew.client.workflow.getHandle(owner);
  const bare = { decision: 'a/call@1', by: 'ann' };
  for (const run of [handle, agent])
    expect(await run.executeUpdate(updates.approve, { args: [bare] })).toMatchObject({ kind: 'refused' });
  expect(await approveAs(keys, 'mallory', handle, 'a/call@1')).toMatchObject({ kind: 'refused' });
  // Whoever can signal an agent could say to be its refactor.
  await agent.signal('forwarded', { verb: 'approve', id: 'sly', ...bare });
  const after = await untilAgent(agent, ({ receipts }) => receipts.some(({ verb }) => verb === 'forwarded'));
  expect(after.receipts.at(-1)).toMatchObject({ state: 'refused', detail: expect.stringContaining('not sealed') });
  expect(after.needs).toMatchObject([{ id: 'a/call@1' }]);
  expect(await approveAs(keys, 'bob', handle, 'a/call@1')).toMatchObject({ kind: 'forwarded' });
  expect(await approveAs(keys, 'ann', handle, 'delivery@1')).toMatchObject({
    kind: 'applied',
    detail: '1 of 2 approvals: ann',
  });
  expect(await approveAs(keys, 'ann', handle, 'delivery@1')).toMatchObject({ kind: 'refused' });
  expect((await status(handle)).needs).toMatchObject([{ id: 'delivery@1', approvals: '1 of 2: ann' }]);
  expect(await approveAs(keys, 'bob', handle, 'delivery@1')).toMatchObject({ kind: 'applied' });
  const result = (await handle.result()) as { report: string };
  expect(result.report).toContain('delivery@1: approved by ann, bob (signed)');
  expect(await git(repository, 'show', 'signed:a/new.txt')).toBe('new');
  expect((await agent.query(agentQueries.status)).receipts).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ verb: 'approve', state: 'applied', detail: 'a/call@1 approved' }),
    ]),
  );
  const workflowBundle = await bundleWorkflows();
  const options = { workflowBundle, dataConverter: openDataConverter(openKeyRing(TEST_KEY), 'default') };
  for (const run of [handle, agent]) await Worker.runReplayHistory(options, await run.fetchHistory(), run.workflowId);

  // A verdict that no worker sealed does not count: the run would not have gone on as its history says.
  const forged = await handle.fetchHistory();
  const verdicts = (forged.events ?? []).flatMap(
    ({ markerRecordedEventAttributes: marker }) => marker?.details?.['result']?.payloads ?? [],
  );
  expect(verdicts.length).toBeGreaterThan(0);
  for (const { metadata } of verdicts) delete metadata?.['cox-seal'];
  await expect(Worker.runReplayHistory(options, forged, handle.workflowId)).rejects.toThrow();
});

test('an approval does not count again after a reset; what was counted before the reset still does', async () => {
  const keys = realKeys();
  const crew = await startCrew(ONE_TASK);
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'again', policy: decisionsOf(keys, { quorum: { plan: 2 } }) });
  const first = await signed(keys, 'ann', handle, 'plan@1');
  expect(await handle.executeUpdate(updates.approve, { args: [first] })).toMatchObject({
    detail: '1 of 2 approvals: ann',
  });
  const before = await resetPoint(handle, (types) =>
    types.lastIndexOf('workflowExecutionUpdateAcceptedEventAttributes'),
  );
  const latest = crew.client.workflow.getHandle(handle.workflowId);
  await reset(latest, before);
  expect((await needOf(latest, 'plan@1')).approvals).toBe('0 of 2');
  expect(await latest.executeUpdate(updates.approve, { args: [first] })).toMatchObject({ kind: 'refused' });
  expect(await approveAs(keys, 'ann', latest, 'plan@1')).toMatchObject({ detail: '1 of 2 approvals: ann' });
  // Another workflow task, so that a reset to it keeps the one before.
  expect(await approveAs(keys, 'mallory', latest, 'plan@1')).toMatchObject({ kind: 'refused' });
  await reset(latest, await resetPoint(latest, (types) => types.length));
  expect((await needOf(latest, 'plan@1')).approvals).toBe('1 of 2: ann');
  expect(await approveAs(keys, 'bob', latest, 'plan@1')).toMatchObject({ kind: 'applied' });
  expect(await approveAs(keys, 'bob', latest, 'delivery@1')).toMatchObject({ kind: 'applied' });
  await latest.result();
  expect(await git(repository, 'show', 'again:a/new.txt')).toBe('new');
});

/** The last workflow task that ended before a moment of the history. */
async function resetPoint(handle: WorkflowHandle, moment: (types: string[]) => number): Promise<string> {
  const events = (await handle.fetchHistory()).events ?? [];
  const types = events.map((event) => Object.keys(event).find((key) => key.endsWith('EventAttributes')) ?? '');
  const index = types.slice(0, moment(types)).lastIndexOf('workflowTaskCompletedEventAttributes');
  return String(events[index]?.eventId);
}

async function reset(handle: WorkflowHandle, eventId: string): Promise<void> {
  const place = ['--workflow-id', handle.workflowId, '--event-id', eventId, '--reason', 'a test'];
  await temporal('workflow', 'reset', ...place, '--reapply-exclude', 'All');
}

test('cox signs what policy wants signed, and says what', async () => {
  const keys = realKeys();
  const crew = await startCrew(({ task, turn, last }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (turn === 0) return ask('which name?');
    return turn === 1 ? shell(`echo ${last.split(' ').at(-1)} > a/new.txt`) : finish();
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'cox', policy: decisionsOf(keys) });
  const cox = async (
    verb: string,
    decision: string,
    ...words: string[]
  ): Promise<{ exitCode?: number; said: string }> => {
    await needOf(handle, decision);
    const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), COXSWAIN_STATE: crew.stateDir };
    const args = [join(ROOT, 'bin/cox.mjs'), verb, handle.workflowId, ...words];
    const { exitCode, all } = await execa('node', args, { env, reject: false, all: true });
    return { ...(exitCode === undefined ? {} : { exitCode }), said: all };
  };
  const foreign = await cox('approve', 'plan@1', 'plan@1', '--sign-with', keys.file('mallory'));
  expect(foreign).toMatchObject({ exitCode: 1, said: expect.stringContaining('not listed') });
  const approved = await cox('approve', 'plan@1', 'plan@1', '--note', 'go on', '--sign-with', keys.file('ann'));
  expect(approved.said).toContain(`signs: approve plan@1 of ${handle.workflowId}, digest `);
  expect(approved).toMatchObject({ exitCode: 0, said: expect.stringContaining('plan@1 approved') });
  const answered = await cox('answer', 'a/question@1', 'river', '--sign-with', keys.file('bob'));
  expect(answered.said).toContain(`signs: answer a/question@1 of ${handle.workflowId}/a.1`);
  expect((await cox('approve', 'delivery@1', 'delivery@1', '--sign-with', keys.file('ann'))).exitCode).toBe(0);
  await handle.result();
  expect(await git(repository, 'show', 'cox:a/new.txt')).toBe('river');
});

describe('silence', () => {
  test('is put before others, and then denied, at the moments that policy names', async () => {
    const keys = realKeys();
    const people = new Keys(keys);
    const crew = await startCrew(ONE_TASK);
    const handle = await crew.start({
      repository: await makeRepository(),
      policy: {
        decisions: {
          approvers: [people.approver('ann', { may: ['delivery', 'question', 'budget'] }), people.approver('boss')],
          silence: {
            plan: { after: 1, means: 'escalate', to: ['ann'] },
            delivery: { after: 2, means: 'deny' },
          },
        },
      },
    });
    const { needs } = await until(handle, (now) => now.needs.some(({ silence }) => silence?.startsWith('escalated')));
    expect(needs).toMatchObject([{ id: 'plan@1', mayDecide: ['ann', 'boss'] }]);
    const { searchAttributes } = await handle.describe();
    expect(searchAttributes?.['CoxNeeds']).toEqual(['escalated', 'plan']);
    expect(await handle.executeUpdate(updates.approve, { args: [{ by: 'ann' }] })).toMatchObject({ kind: 'applied' });
    await expect(handle.result()).rejects.toMatchObject({
      cause: { type: 'Rejected', message: 'policy (silence) rejected delivery@1' },
    });
  });

  test('starts no timer where policy names no moment', async () => {
    const crew = await startCrew(ONE_TASK);
    const handle = await crew.start({ repository: await makeRepository() });
    await needOf(handle, 'plan@1');
    const { events } = await handle.fetchHistory();
    const timers = (events ?? []).filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes);
    // Those by which it looks after its agents.
    expect(timers.every(({ userMetadata }) => !String(userMetadata?.summary?.data).includes('decision'))).toBe(true);
    await handle.executeUpdate(updates.stop, { args: [{}] });
    await handle.result();
  });
});

test('every signed message is answered, however often the run continues as new while signatures are verified', async () => {
  const keys = realKeys();
  const crew = await startCrew(ONE_TASK, { address: await startForgetfulServer() });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'often', policy: decisionsOf(keys) });
  const need = await needOf(handle, 'plan@1');
  const first = (await handle.describe()).runId;
  const latest = crew.client.workflow.getHandle(handle.workflowId);
  const answers: MessageResult[] = [];
  const sendSome = async (): Promise<void> => {
    for (let turn = 0; turn < 15; turn++) {
      const id = randomUUID();
      const signature = keys.signText('mallory', textOf('approve', id, need));
      const input = { decision: 'plan@1', id, by: 'ann', signature };
      answers.push(await latest.executeUpdate(updates.approve, { args: [input] }));
    }
  };
  await Promise.all([sendSome(), sendSome(), sendSome()]);
  expect(answers.map(({ kind }) => kind)).toEqual(Array(45).fill('refused'));
  expect((await latest.describe()).runId).not.toBe(first);
  expect(await approveAs(keys, 'ann', latest, 'plan@1')).toMatchObject({ kind: 'applied' });
  expect(await approveAs(keys, 'bob', latest, 'delivery@1')).toMatchObject({ kind: 'applied' });
  await latest.result();
  expect(await git(repository, 'show', 'often:a/new.txt')).toBe('new');
});
