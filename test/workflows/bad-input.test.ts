import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Crew, Script } from './harness.ts';
import { recordHistories } from './record.ts';
import {
  approve,
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

const ONE_TASK: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  return turn === 0 ? shell('echo new > a/new.txt') : finish();
};

/** Why a start ended, as whoever waits for its result learns it. */
async function failureOf(crew: Crew, input: object): Promise<{ type: string | undefined | null; message: string }> {
  const handle = await crew.client.workflow.start('refactor', {
    taskQueue: crew.taskQueue,
    workflowId: `bad-${crew.taskQueue}-${Math.trunc(performance.now())}`,
    args: [input],
  });
  try {
    await handle.result();
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure)
      return { type: error.cause.type, message: error.cause.message };
    throw error;
  }
  throw new Error('this start should have failed');
}

describe('a start that cannot work fails at once, says why, and leaves nothing behind', () => {
  test('wrong input, wrong repository, wrong base, wrong branch', async () => {
    const crew = await startCrew(ONE_TASK);
    const repository = await makeRepository();
    const empty = await makeRepository();
    await rm(join(empty, '.git'), { recursive: true });
    const bare = await makeRepository();
    await rm(join(bare, '.git'), { recursive: true });
    await git(bare, 'init', '-q');
    await git(repository, 'branch', 'taken');
    const goal = 'do it';
    const cases: [object | string, string, string][] = [
      [{ repository, goal: '' }, 'BadInput', 'goal: say what should be done'],
      [{ repository, goal, colour: 'red' }, 'BadInput', 'colour'],
      [{ repository, goal, policy: { gates: { plan: 'allow' } } }, 'BadInput', 'looser than the limit'],
      [{ repository: '/no/such/folder', goal }, 'PrepareFailed', '"/no/such/folder" is no folder of this worker'],
      [{ repository: 'https://ghp_abc@github.com/o/n', goal }, 'BadInput', 'which may be a token'],
      [{ repository: 'https://h/o/n?access_token=abc', goal }, 'BadInput', 'has a query'],
      [{ repository: 'ext::sh -c id', goal }, 'BadInput', 'no address of a known form'],
      [{ repository: 'http://127.0.0.1:1/x', goal }, 'PrepareFailed', 'add http://127.0.0.1:1/ to COXSWAIN_ROOTS'],
      [{ repository: 'https://localhost/x', goal }, 'PrepareFailed', 'add https://localhost/ to COXSWAIN_ROOTS'],
      [{ repository: empty, goal }, 'PrepareFailed', 'not a git repository'],
      [{ repository: join(repository, 'a'), goal }, 'PrepareFailed', `a folder of one: name its root, "${repository}"`],
      [{ repository: bare, goal }, 'PrepareFailed', 'no commit'],
      [{ repository, goal, base: 'nope' }, 'PrepareFailed', 'nope'],
      [{ repository, goal, branch: 'taken' }, 'PrepareFailed', 'branch taken exists already'],
      [{ repository, goal, branch: '--force' }, 'PrepareFailed', 'branch "--force"'],
      [{ repository, goal, branch: '漢'.repeat(200) }, 'PrepareFailed', 'has a part of 600 bytes'],
    ];
    for (const [input, type, words] of cases) {
      const failure = await failureOf(crew, input as object);
      expect(failure, JSON.stringify(input)).toMatchObject({ type });
      expect(failure.message.toLowerCase(), JSON.stringify(input)).toContain(words.toLowerCase());
    }
    expect(await git(repository, 'for-each-ref', '--format=%(refname:short)')).toBe('main\ntaken');
    expect(crew.model.requests).toEqual([]);
  });
});

test('a second input, an input where none is taken, and a field said twice are errors, never ignored', async () => {
  const crew = await startCrew(ONE_TASK);
  const repository = await makeRepository();
  const start = async (workflowId: string, ...args: unknown[]): Promise<string> => {
    const handle = await crew.client.workflow.start('refactor', { taskQueue: crew.taskQueue, workflowId, args });
    return await handle.result().then(String, (error: unknown) => String((error as Error).cause));
  };
  const input = { repository, goal: 'do it' };
  expect(await start(`two-${crew.taskQueue}`, input, { base: 'main' })).toContain('refactor takes one input, not 2');
  const twice = `{"repository": ${JSON.stringify(repository)}, "goal": "do it", "base": "main", "base": "other"}`;
  const id = `twice-${crew.taskQueue}`;
  const words = ['--type', 'refactor', '--task-queue', crew.taskQueue, '--workflow-id', id, '--input', twice];
  await temporal('workflow', 'start', ...words);
  const failed = await crew.client.workflow
    .getHandle(id)
    .result()
    .catch((error: unknown) => String((error as Error).cause));
  expect(failed).toContain('names the field "base" twice: name it once');
  const handle = await crew.start(input);
  await until(handle, ({ needs }) => needs.length > 0);
  await expect(handle.query('status', { colour: 'red' })).rejects.toThrow('the query status takes no input');
  await expect(handle.executeUpdate('pause', { args: [{}, {}] })).rejects.toMatchObject({
    cause: { message: 'pause takes one input, not 2' },
  });
  await temporal(
    'workflow',
    'signal',
    '--workflow-id',
    handle.workflowId,
    '--name',
    'steer',
    '--input',
    '{"text": "a", "text": "b"}',
  );
  const { receipts } = await until(handle, (now) => now.receipts.some(({ verb }) => verb === 'steer'));
  expect(receipts.find(({ verb }) => verb === 'steer')).toMatchObject({
    state: 'refused',
    detail: expect.stringContaining('names the field "text" twice'),
  });
});

test('checks that are red on the base hold and ask; red evidence is kept twice; rejected, the planner is told what to do first', async () => {
  const crew = await startCrew(ONE_TASK);
  const handle = await crew.start({ repository: await makeRepository(), checks: ['test -f missing'] });
  const { needs } = await until(handle, (now) => now.needs.length > 0);
  expect(needs).toMatchObject([{ id: 'baseline@1', about: expect.stringContaining('test -f missing') }]);
  await handle.executeUpdate('reject', { args: [{ decision: 'baseline@1', note: 'fix it first', by: 'ann' }] });
  await until(handle, ({ needs: open }) => open.some(({ id }) => id === 'plan@1'));
  expect(JSON.stringify(crew.model.requests[0]?.items)).toMatch(/ann does not want to go on[^]*fix it first/);
});

test('a dirty working copy is left alone: work starts from the commit, and says so', async () => {
  const crew = await startCrew(ONE_TASK);
  const repository = await makeRepository();
  await writeFile(join(repository, 'a/one.txt'), 'dirty\n');
  const handle = await crew.start({ repository, branch: 'clean' });
  await approve(handle, 'plan@1');
  expect((await status(handle)).notes).toEqual([expect.stringContaining('uncommitted changes')]);
  await approve(handle, 'delivery@1');
  await handle.result();
  expect(await git(repository, 'show', 'clean:a/one.txt')).toBe('one');
  expect(await git(repository, 'status', '--porcelain')).toBe(' M a/one.txt');
});

test('a plan that cannot be worked goes back to the model with the reasons', async () => {
  const bad = [
    { tasks: [] },
    { tasks: [{ id: 'a', paths: ['/etc/**'] }] },
    {
      tasks: [
        { id: 'a', paths: ['a'], dependsOn: ['b'] },
        { id: 'b', paths: ['b'], dependsOn: ['a'] },
      ],
    },
  ];
  const told: string[] = [];
  const crew = await startCrew(({ task, turn, last }) => {
    if (task !== 'plan') return finish();
    if (turn > 0) told.push(last);
    const next = bad[turn];
    if (turn === 2) return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return planned({ summary: 's', tasks: next?.tasks.map((one) => ({ title: 't', instructions: 'i', ...one })) });
  });
  const handle = await crew.start({ repository: await makeRepository() });
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'plan@1'));
  expect(told).toEqual([expect.stringContaining('at least one task'), expect.stringContaining('is absolute')]);
});

test('mistyped messages never wedge a run: each leaves a refused receipt', async () => {
  const crew = await startCrew(ONE_TASK);
  const handle = await crew.start({ repository: await makeRepository() });
  await until(handle, ({ needs }) => needs.length > 0);
  const id = handle.workflowId;
  await handle.signal('steer', 42);
  await handle.signal('steer', { text: 'x', to: 'nobody' });
  await handle.signal('steer', 'a', 'b');
  await handle.signal('pause', { colour: 'red' });
  await handle.signal('fly', 'away');
  await handle.signal('approve', 'plan@1');
  await handle.signal('agentReport', { nonsense: true });
  await handle.signal('agentReport', null);
  await temporal(
    'workflow',
    'signal',
    '--workflow-id',
    id,
    '--name',
    'steer',
    '--input',
    '{"broken',
    '--input-meta',
    'encoding=json/plain',
  ).catch(() => undefined);
  await temporal(
    'workflow',
    'signal',
    '--workflow-id',
    id,
    '--name',
    'steer',
    '--input',
    '{"broken',
    '--input-meta',
    'encoding=binary/strange',
  ).catch(() => undefined);
  const { receipts } = await until(handle, (now) => now.receipts.length >= 8);
  expect(receipts.every(({ state }) => state === 'refused')).toBe(true);
  expect(receipts.map(({ verb }) => verb)).toEqual(
    expect.arrayContaining(['steer', 'pause', 'fly', 'approve', 'agentReport']),
  );
  await expect(handle.executeUpdate('approve', { args: [{ decision: 'nothing@9' }] })).resolves.toMatchObject({
    kind: 'refused',
    detail: expect.stringContaining('open: plan@1'),
  });
  await expect(
    handle.executeUpdate('revisePlan', { args: [{ version: 1, plan: { summary: 's', tasks: [] } }] }),
  ).rejects.toThrow();
  await approve(handle, 'plan@1');
  await approve(handle, 'delivery@1');
  await handle.result();
  await recordHistories({ 'v0.1-refactor-mistyped-messages': id });
});

test('a repository that refuses the branch holds, and goes on after it was mended', async () => {
  const crew = await startCrew(ONE_TASK);
  const origin = await makeRepository();
  const handle = await crew.start({ repository: origin, branch: 'late' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'delivery@1'));
  await git(origin, 'branch', 'late');
  await approve(handle, 'delivery@1');
  const held = await until(handle, ({ hold }) => hold !== null);
  expect(held.hold).toContain('branch late exists already');
  await git(origin, 'branch', '-D', 'late');
  await handle.executeUpdate('resume');
  await expect(handle.result()).resolves.toMatchObject({ outcome: 'done' });
  await recordHistories({ 'v0.1-refactor-held': handle.workflowId });
});

test('a hub that cannot be written holds at once and says which one, instead of retrying in silence', async () => {
  const crew = await startCrew(ONE_TASK, { env: { COXSWAIN_HUB: '/proc/coxswain/{repository}.git' } });
  const handle = await crew.start({ repository: await makeRepository() });
  const { hold, state } = await until(handle, (now) => now.hold !== null);
  expect(state).toBe('holds');
  expect(hold).toContain('/proc/coxswain/');
  expect(crew.model.requests).toEqual([]);
  await handle.executeUpdate('stop');
  await expect(handle.result()).resolves.toMatchObject({ outcome: 'stopped' });
});
