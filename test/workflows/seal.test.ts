/** What somebody of the namespace without the key can make our workers do: nothing but what a person's verb may. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { temporal as proto } from '@temporalio/proto';
import { expect, test } from 'vitest';
import { accountUpdates, agentQueries, signals, updates } from '../../src/workflows/messages.ts';
import type { RawPayload } from '../seal/strangers/converter.ts';
import type { Stranger } from '../seal/strangers/stranger.ts';
import { copy, startStranger } from '../seal/strangers/stranger.ts';
import type { Script } from './harness.ts';
import {
  ask,
  approve,
  approveAll,
  finish,
  git,
  makeRepository,
  onePlan,
  planned,
  shell,
  startCrew,
  status,
  temporal,
  until,
} from './harness.ts';
import { recordHistories } from './record.ts';

const ONE_TASK: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  return turn === 0 ? shell('echo new > a/new.txt') : finish();
};

type HistoryEvent = proto.api.history.v1.IHistoryEvent;

async function eventsOf(handle: WorkflowHandle): Promise<HistoryEvent[]> {
  return (await handle.fetchHistory()).events ?? [];
}

/** An activity's sealed input as the history has it, with its id. */
async function scheduled(handle: WorkflowHandle, name: string): Promise<{ payload: RawPayload; activityId: string }> {
  const found = (await eventsOf(handle))
    .map(({ activityTaskScheduledEventAttributes: one }) => one)
    .find((one) => one?.activityType?.name === name);
  return { payload: copy(found?.input?.payloads?.[0]), activityId: found?.activityId ?? '' };
}

/** The input of each signal of this name, as the history has it. */
async function signalsIn(handle: WorkflowHandle, name: string): Promise<RawPayload[]> {
  return (await eventsOf(handle)).flatMap(({ workflowExecutionSignaledEventAttributes: one }) =>
    one?.signalName === name ? [copy(one.input?.payloads?.[0])] : [],
  );
}

/** What a stranger's workflow hears from an activity of ours. */
async function asked(
  { client, taskQueue }: Stranger,
  request: { activity: string; taskQueue: string; activityId?: string; inputs: unknown[] },
  workflowId = `stranger-${randomUUID()}`,
): Promise<unknown> {
  const args = [{ ...request, inputs: JSON.stringify(request.inputs) }];
  return await client.workflow.execute('asks', { taskQueue, workflowId, args });
}

const refusal = (problem: string): object => ({ type: 'NotSealed', message: expect.stringContaining(problem) });

test('activities do nothing for a stranger: not by words of their own, and not by copies of ours', async () => {
  const [crew, stranger] = [await startCrew(ONE_TASK), await startStranger()];
  const repository = await makeRepository();
  const handle = await crew.start({ repository });
  await until(handle, ({ needs }) => needs.length > 0);
  const { taskQueue } = crew;
  const tip = await git(repository, 'rev-parse', 'HEAD');
  const deliver = { repository, base: tip, commit: tip, branch: 'release-9', message: 'm', note: 'n' };
  const policy = await scheduled(handle, 'readPolicy');
  const prepare = await scheduled(handle, 'prepare');
  const workspace = `${taskQueue}-workspace`;
  const checks = { repository, base: tip, commit: tip, checks: ['touch /tmp/ran'], setup: null };
  const notSealed = refusal('it is not sealed');
  const elsewhere = refusal('sealed for another workflow or activity');

  expect(await asked(stranger, { activity: 'deliver', taskQueue, inputs: [deliver] })).toMatchObject(notSealed);
  expect(await asked(stranger, { activity: 'findPlaces', taskQueue, inputs: [] })).toMatchObject(notSealed);
  expect(await asked(stranger, { activity: 'runChecks', taskQueue: workspace, inputs: [checks] })).toMatchObject(
    notSealed,
  );
  const copied = { activity: 'readPolicy', taskQueue, activityId: policy.activityId, inputs: [policy.payload] };
  expect(await asked(stranger, copied)).toMatchObject(elsewhere);

  // The run's own id, once it is free, and the very activity: still another run.
  await handle.executeUpdate(updates.stop, { args: [{}] });
  await handle.result();
  expect(await asked(stranger, copied, handle.workflowId)).toMatchObject({ type: 'SealedElsewhere' });
  const twice = { ...copied, inputs: [policy.payload, 'more'] };
  expect(await asked(stranger, twice, handle.workflowId)).toMatchObject(refusal('2 inputs'));
  const other = { activity: 'runChecks', taskQueue: workspace, activityId: prepare.activityId };
  expect(await asked(stranger, { ...other, inputs: [prepare.payload] }, handle.workflowId)).toMatchObject(
    refusal('sealed for prepare'),
  );
  expect(await git(repository, 'branch', '--list', 'release-9')).toBe('');
});

test('no run begins with a state or a spec that no worker sealed, and it says how to go on', async () => {
  const [crew, { client, taskQueue }] = [await startCrew(ONE_TASK), await startStranger()];
  const handle = await crew.start({ repository: await makeRepository() });
  await until(handle, ({ needs }) => needs.length > 0);
  const [started] = await eventsOf(crew.client.workflow.getHandle(`${handle.workflowId}/plan.1`));
  const spec = copy(started?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]);
  const state = { state: { v: 1, tasks: [], control: {} } };

  for (const type of ['refactor', 'agent', 'account']) {
    const workflowId = `stranger-${randomUUID()}`;
    await client.workflow.start('becomes', {
      taskQueue,
      workflowId,
      args: [type, crew.taskQueue, JSON.stringify(state)],
    });
    const failure = await client.workflow
      .getHandle(workflowId)
      .result()
      .catch((error: { cause: unknown }) => error.cause);
    expect(failure, type).toMatchObject(refusal('it is not sealed'));
    expect(failure, type).toMatchObject(refusal('Reset the previous run'));
  }
  const byHand = { taskQueue: crew.taskQueue, workflowId: `stranger-${randomUUID()}`, args: [{ spec: { task: 'a' } }] };
  await expect(client.workflow.execute('agent', byHand)).rejects.toMatchObject({
    cause: refusal('by its refactor only'),
  });

  // A copy, under the same name, by a parent of the same name.
  await handle.terminate();
  await crew.client.workflow
    .getHandle(`${handle.workflowId}/plan.1`)
    .terminate()
    .catch(() => undefined);
  const raise = ['agent', crew.taskQueue, `${handle.workflowId}/plan.1`, JSON.stringify(spec)];
  const child = await client.workflow.execute('raises', { taskQueue, workflowId: handle.workflowId, args: raise });
  expect(child).toMatchObject({ message: expect.stringContaining('sealed for another') });
});

test('reports, messages passed on and troubles count once, from our workers, and leave a receipt otherwise', async () => {
  const asking: Script = ({ task, turn, last }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? ask('which way?') : turn === 1 ? shell(`echo ${last.length > 0} > a/new.txt`) : finish();
  };
  const [crew, { client }] = [await startCrew(asking), await startStranger()];
  const repository = await makeRepository();
  const [handle, other] = [await crew.start({ repository, branch: 'one' }), await crew.start({ repository })];
  await approve(handle, 'plan@1');
  const { needs } = await until(handle, (now) => now.needs.some(({ id }) => id.startsWith('a/')));
  await handle.signal(signals.steer, { text: 'to the left', to: 'a', by: 'ann' });
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  await expect.poll(async () => (await signalsIn(agent, 'forwarded')).length).toBe(1);
  const [passed] = await signalsIn(agent, 'forwarded');
  const [report] = await signalsIn(handle, 'agentReport');
  const [to, toOther, toAgent] = [handle, other, agent].map(({ workflowId }) => client.workflow.getHandle(workflowId));
  const finished = { kind: 'finished', head: 'f'.repeat(40), summary: 's', evidence: [], extraPaths: ['**'] };

  await to!.signal('agentReport', { agent: `${handle.workflowId}/a.1`, task: 'a', outcome: finished });
  await to!.signal('agentReport', null);
  await to!.signal('agentReport', report);
  await to!.signal('trouble', { what: 'think', attempt: 2, reason: 'r' });
  await to!.signal('steer', report);
  await toOther!.signal('agentReport', report);
  await toAgent!.signal('forwarded', passed);
  await toAgent!.signal('forwarded', null);
  await toAgent!.signal('forwarded', { verb: 'stop' });

  const told = async (of: WorkflowHandle): Promise<string[]> =>
    (await of.query(agentQueries.status)).receipts
      .filter(({ state }) => state === 'refused')
      .map(({ verb, detail }) => `${verb}: ${detail}`);
  await expect.poll(async () => await told(handle)).toHaveLength(5);
  const [plain, empty, again, trouble, steer] = await told(handle);
  expect([plain, empty, trouble]).toEqual([
    'agentReport: it is not sealed: no worker sent it',
    'agentReport: it is not sealed: no worker sent it',
    'trouble: it is not sealed: no worker sent it',
  ]);
  expect(again).toBe('agentReport: it was received already, or a newer one was');
  expect(steer).toContain('steer: ');
  await expect
    .poll(async () => await told(other))
    .toEqual([expect.stringContaining('sealed for another workflow or activity')]);
  await expect
    .poll(async () => await told(agent))
    .toEqual([
      'forwarded: it was received already, or a newer one was',
      'forwarded: it is not sealed: no worker sent it',
      'forwarded: it is not sealed: no worker sent it',
    ]);

  await handle.executeUpdate(updates.answer, { args: [{ question: needs[0]?.id, text: 'left', by: 'ann' }] });
  await approve(handle, 'delivery@1');
  await handle.result();
  expect(await git(repository, 'show', 'one:a/new.txt')).toBe('true');
  expect((await agent.query(agentQueries.status)).receipts.filter(({ verb }) => verb === 'steer')).toHaveLength(1);
});

test('an answer that a stranger gives in place of an activity holds, and resume has it done again', async () => {
  let waiting = 0;
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const crew = await startCrew(async (turn) => {
    if (turn.task === 'a' && turn.turn === 0 && waiting++ === 0) await gate;
    return await ONE_TASK(turn);
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'own' });
  await approve(handle, 'plan@1');
  await expect.poll(() => waiting, { timeout: 240_000 }).toBe(1);
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  const { activityId } = await scheduled(agent, 'think');
  const place = ['--workflow-id', agent.workflowId, '--activity-id', activityId];
  await temporal('activity', 'complete', ...place, '--result', '{"kind": "answered", "proposals": []}');
  const { needs } = await until(handle, (now) => now.tasks.some((task) => task.needs.length > 0));
  expect(JSON.stringify(needs) + JSON.stringify(await agent.query(agentQueries.status))).toContain(
    'the result of think does not count',
  );
  go();
  await handle.signal(signals.resume, { by: 'ann' });
  await agent.signal(signals.resume, { by: 'ann' });
  await approve(handle, 'delivery@1');
  await handle.result();
  expect(await git(repository, 'show', 'own:a/new.txt')).toBe('new');
});

test('an activity that waits to be tried again is taken over by a reset, and done in the new run', async () => {
  let down = true;
  const crew = await startCrew((turn) =>
    down && turn.task === 'a' ? { fault: 'status', status: 500 } : ONE_TASK(turn),
  );
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'reset' });
  await approve(handle, 'plan@1');
  await until(handle, ({ tasks }) => tasks.some(({ trouble }) => trouble !== null));
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  await agent.executeUpdate(updates.pause, { args: [{ by: 'ann' }] });
  const points = (await eventsOf(agent)).filter(({ workflowTaskCompletedEventAttributes: one }) => one);
  const place = ['--workflow-id', agent.workflowId, '--event-id', String(points.at(-1)?.eventId)];
  await temporal('workflow', 'reset', ...place, '--reason', 'a test', '--reapply-exclude', 'All');
  down = false;
  await agent.signal(signals.resume, { by: 'ann' });
  await approve(handle, 'delivery@1', 90_000).catch(async (error: unknown) => {
    console.log(JSON.stringify((await eventsOf(agent)).slice(-25), null, 1).slice(0, 20000));
    throw error;
  });
  await handle.result();
  expect(await git(repository, 'show', 'reset:a/new.txt')).toBe('new');
  const refused = (await eventsOf(agent)).map(({ activityTaskFailedEventAttributes: one }) => one?.failure);
  expect(refused.map((failure) => failure?.applicationFailureInfo?.type)).toContain('SealedElsewhere');
});

test('an account obeys refactors and people only: nothing is set aside or settled by a stranger', async () => {
  const [crew, { client }] = [await startCrew(ONE_TASK), await startStranger()];
  const workflowId = `${crew.taskQueue}-account-team-month`;
  const args = [{ account: 'team', per: 'month' }];
  const account = await client.workflow.start('account', { taskQueue: crew.taskQueue, workflowId, args });
  const taking = { holder: 'x', tokens: 1e9, usd: 0, limit: {} };
  await expect(account.executeUpdate('reserve', { args: [taking] })).rejects.toMatchObject({
    cause: refusal('it is not sealed'),
  });
  await expect(account.executeUpdate('settle', { args: [{ holder: 'x', tokens: 0, usd: 0 }] })).rejects.toMatchObject({
    cause: refusal('it is not sealed'),
  });
  const raised = await account.executeUpdate(accountUpdates.raise, { args: [{ usd: 5, by: 'ann' }] });
  expect(raised).toMatchObject({ raised: { usd: 5 }, reserved: { tokens: 0 } });
  await account.terminate();
});

test('a run by the plain temporal program goes as before, and its history is as readable', async () => {
  const crew = await startCrew(ONE_TASK);
  const repository = await makeRepository();
  const handle = await crew.startByProgram({ repository, branch: 'plain' });
  await approveAll(handle);
  expect(await git(repository, 'show', 'plain:a/new.txt')).toBe('new');
  expect((await status(handle)).state).toBe('done');
  const shown = await temporal('workflow', 'show', '--workflow-id', handle.workflowId, '--output', 'json');
  const [, data = ''] = /"name": "deliver"[^]*?"data": "([^"]+)"/.exec(shown) ?? [];
  expect(JSON.parse(Buffer.from(data, 'base64').toString())).toMatchObject({ repository });
  const seal = /"cox-seal": "(?<text>[^"]+)"/.exec(shown)?.groups?.['text'] ?? '';
  expect(Buffer.from(seal, 'base64').subarray(20).toString()).toMatch(/^activity readPolicy [0-9a-f]{8} [0-9a-f]{12}$/);
  expect(await temporal('workflow', 'result', '--workflow-id', handle.workflowId)).toContain('## Decisions');
  const { workflowId } = handle;
  await recordHistories({ 'v0.4-refactor-sealed': workflowId, 'v0.4-agent-sealed': `${workflowId}/a.1` });
});
