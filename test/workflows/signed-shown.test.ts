/** `cox` signs what the run that is named is about, and nothing that somebody else's workflow shows for it. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, test } from 'vitest';
import { refactorQueries } from '../../src/workflows/messages.ts';
import { startStranger } from '../seal/strangers/stranger.ts';
import { realKeys } from '../signing/real-keys.ts';
import { finish, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';
import { decisionsOf } from './signing.ts';

const ROOT = join(import.meta.dirname, '../..');

test('a workflow that shows the decision of another run gets no signature for it', async () => {
  const keys = realKeys();
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? shell('echo new > a/new.txt') : finish();
  });
  const handle = await crew.start({ repository: await makeRepository(), policy: decisionsOf(keys) });
  const status = await until(handle, ({ needs }) => needs.some(({ id }) => id === 'plan@1'));
  const shown = { policy: await handle.query(refactorQueries.policy), plan: await handle.query(refactorQueries.plan) };
  const approve = async (id: string): Promise<{ exitCode: number | undefined; all: string }> => {
    const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), COXSWAIN_STATE: crew.stateDir };
    const words = [join(ROOT, 'bin/cox.mjs'), 'approve', id, 'plan@1', '--sign-with', keys.file('ann')];
    const { exitCode, all } = await execa('node', words, { env, reject: false, all: true });
    return { exitCode, all };
  };
  const stranger = await startStranger();
  const pretend = async (change: (need: object, id: string) => object, plan: unknown = shown.plan): Promise<string> => {
    const workflowId = `fix-a-typo-${randomUUID()}`;
    const needs = status.needs.map((need) => change(need, workflowId));
    const answers = { ...shown, plan, status: { ...status, id: workflowId, goal: 'fix a typo', needs } };
    const { taskQueue } = stranger;
    await stranger.client.workflow.start('pretends', { taskQueue, workflowId, args: [JSON.stringify(answers)] });
    return workflowId;
  };
  const owned = await approve(await pretend((need) => ({ ...need, owner: handle.workflowId })));
  expect(owned).toMatchObject({
    exitCode: 1,
    all: expect.stringContaining(`${handle.workflowId}, which is another run`),
  });
  const elsewhere = await approve(await pretend((need) => need));
  expect(elsewhere).toMatchObject({ exitCode: 1, all: expect.stringContaining('nothing is signed') });
  expect((await handle.query(refactorQueries.status)).needs).toMatchObject([{ id: 'plan@1' }]);
  expect(await approve(handle.workflowId)).toMatchObject({
    exitCode: 0,
    all: expect.stringContaining('plan@1 approved'),
  });
});
