import { glob, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { sendVerb } from '../../src/client/refactors.ts';
import type { MessageResult } from '../../src/core/decisions/receipts.ts';
import type { AgentStatus } from '../../src/core/views/status.ts';
import { refSlug } from '../../src/git/ref-name.ts';
import type { VerbUpdate } from '../../src/workflows/messages.ts';
import { agentQueries, updates } from '../../src/workflows/messages.ts';
import type { Crew } from './harness.ts';
import {
  approve,
  ask,
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

const PLAN = planned(onePlan({ id: 'a', paths: ['a/**'] }));

async function untilAgent(agent: WorkflowHandle, condition: (status: AgentStatus) => boolean): Promise<AgentStatus> {
  for (const deadline = Date.now() + 40_000; ; ) {
    const status = await agent.query(agentQueries.status).catch(() => undefined);
    if (status && condition(status)) return status;
    if (Date.now() > deadline) throw new Error(`never came to be: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const agentOf = (crew: Crew, handle: WorkflowHandle): WorkflowHandle =>
  crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);

test('an interrupting steer kills the command, which leaves nothing, and reaches the next model call', async () => {
  const told: string[] = [];
  const crew = await startCrew(({ task, turn, last, request }) => {
    if (task === 'plan') return PLAN;
    if (turn === 0) return shell('echo half > a/half.txt; sleep 300; echo whole > a/whole.txt');
    told.push(last, ...request.items.flatMap((item) => (item.kind === 'user' ? [item.text] : [])).slice(1));
    return turn === 1 ? shell('echo short > a/short.txt') : finish();
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'cut' });
  await approve(handle, 'plan@1');
  await untilAgent(agentOf(crew, handle), ({ doing }) => doing?.includes('sleep 300') === true);
  // The command is at work when its first effect is on the disk.
  const halves = async (): Promise<string[]> =>
    await Array.fromAsync(glob('workspaces/*/files-*/**/half.txt', { cwd: crew.stateDir }));
  await expect.poll(halves, { timeout: 240_000 }).toHaveLength(1);
  await handle.executeUpdate(updates.steer, { args: [{ text: 'too slow', interrupt: true, by: 'ann' }] });
  await approve(handle, 'delivery@1');
  await handle.result();
  expect(told.slice(0, 2)).toEqual([expect.stringContaining('interrupted'), 'Steer from ann, a supervisor: too slow']);
  expect(await git(repository, 'diff', '--name-only', 'main', 'cut')).toBe('a/short.txt');
});

test('rewind takes files and conversation back together, and the work goes on from there', async () => {
  let rewound = false;
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return PLAN;
    if (rewound) return turn === 1 ? finish(`saw ${turn} result`) : finish(`wrong: saw ${turn}`);
    return turn < 3 ? shell(`echo ${turn} > a/file-${turn}.txt`) : ask('go on?');
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'back' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  rewound = true;
  const answer = await handle.executeUpdate(updates.rewind, { args: [{ task: 'a', to: 1, by: 'ann' }] });
  expect(answer).toMatchObject({ kind: 'forwarded' });
  await approve(handle, 'delivery@1');
  await expect(handle.result()).resolves.toMatchObject({ tasks: [{ id: 'a', summary: 'saw 1 result' }] });
  expect(await git(repository, 'diff', '--name-only', 'main', 'back')).toBe('a/file-0.txt');
});

test("in a hub that repositories share, another one's commit is not taken, and a person's own is from its folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-hub-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const hub = join(folder, 'hub.git');
  let heard = '';
  const crew = await startCrew(
    ({ task, turn, request }) => {
      if (task === 'plan') return PLAN;
      if (turn === 0) return ask('look?');
      heard = request.items.flatMap((item) => (item.kind === 'user' ? [item.text] : [])).join('\n');
      return finish();
    },
    { env: { COXSWAIN_HUB: hub } },
  );
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'wheel' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  const agent = agentOf(crew, handle);
  const { head } = await agent.query(agentQueries.status);
  await git(repository, 'fetch', '-q', hub, head ?? '');
  await git(repository, 'checkout', '-q', '--detach', head ?? '');
  await writeFile(join(repository, 'a/person.txt'), 'person\n');
  await git(repository, 'add', '-A');
  await git(repository, '-c', 'core.hooksPath=/dev/null', 'commit', '-q', '-m', 'by hand');
  const mine = await git(repository, 'rev-parse', 'HEAD');
  await git(repository, 'push', '-q', hub, 'HEAD:refs/coxswain/other-0123456789/wheel/x');
  await git(repository, 'checkout', '-q', 'main');
  await agent.executeUpdate(updates.pause, { args: [{}] });
  await agent.executeUpdate(updates.resume, { args: [{ from: mine, by: 'ann' }] });
  await handle.executeUpdate(updates.answer, { args: [{ text: 'yes', by: 'ann' }] });
  const { hold } = await untilAgent(agent, (now) => now.hold !== null);
  const place = `refs/coxswain/${refSlug(repository)}/wheel/`;
  expect(JSON.stringify(hold)).toContain(`${mine}:${place}<name>`);
  expect(heard).toBe('');
  await git(repository, 'push', '-q', hub, `${mine}:${place}ann`);
  await agent.executeUpdate(updates.resume, { args: [{ from: mine, by: 'ann' }] });
  await approve(handle, 'delivery@1');
  await handle.result();
  expect(heard).toContain('a/person.txt');
});

test("a person's commit, pushed to the hub, becomes the agent's files, and the next model call hears of it", async () => {
  let heard = '';
  const crew = await startCrew(({ task, turn, request }) => {
    if (task === 'plan') return PLAN;
    if (turn === 0) return shell('echo agent > a/agent.txt');
    if (turn === 1) return ask('look?');
    heard = request.items.flatMap((item) => (item.kind === 'user' ? [item.text] : [])).join('\n');
    return turn === 2 ? shell('cat a/person.txt >> a/agent.txt') : finish();
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'wheel' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  const agent = agentOf(crew, handle);
  const { head } = await agent.query(agentQueries.status);
  const names = await readdir(join(crew.stateDir, 'hub'));
  const hub = names.find((name) => name.endsWith('.git')) ?? '';
  await git(repository, 'fetch', '-q', join(crew.stateDir, 'hub', hub), head ?? '');
  await git(repository, 'checkout', '-q', '--detach', head ?? '');
  await writeFile(join(repository, 'a/person.txt'), 'person\n');
  await git(repository, 'add', '-A');
  await git(repository, '-c', 'core.hooksPath=/dev/null', 'commit', '-q', '-m', 'by hand', '--author', 'Ann <ann@x>');
  const mine = await git(repository, 'rev-parse', 'HEAD');
  await git(repository, 'push', '-q', join(crew.stateDir, 'hub', hub), 'HEAD:refs/heads/mine');
  await git(repository, 'checkout', '-q', 'main');
  await agent.executeUpdate(updates.pause, { args: [{}] });
  expect(await agent.executeUpdate(updates.resume, { args: [{ from: mine, by: 'ann' }] })).toMatchObject({
    kind: 'applied',
  });
  await handle.executeUpdate(updates.answer, { args: [{ text: 'yes', by: 'ann' }] });
  await approve(handle, 'delivery@1');
  await handle.result();
  expect(heard).toContain('took the wheel');
  expect(heard).toContain('a/person.txt');
  expect(await git(repository, 'diff', '--name-only', 'main', 'wheel')).toBe('a/agent.txt\na/person.txt');
  // The person's commit is in the delivered branch under their name, between the agent's work before and after it.
  const log = await git(repository, 'log', '--reverse', '--format=%an: %s', '--name-only', 'main..wheel');
  expect(log.split('\n').filter(Boolean)).toEqual([
    'Coxswain: Do a',
    'a/agent.txt',
    'Ann: by hand',
    'a/person.txt',
    'Coxswain: Do a',
    'a/agent.txt',
  ]);
  expect(await git(repository, 'show', 'wheel:a/agent.txt')).toBe('agent\nperson');
});

test('a fork tries a task twice from one checkpoint, and the branch is what a person chose', async () => {
  const crew = await startCrew(({ task, turn, request }) => {
    if (task === 'plan') return PLAN;
    const isFork = request.items.some((item) => item.kind === 'user' && item.text.includes('the other way'));
    if (turn === 0) return shell('echo common > a/common.txt');
    if (turn === 1) return isFork ? shell('echo fork > a/fork.txt') : ask('go on?');
    return turn === 2 && !isFork ? shell('echo first > a/first.txt') : finish(isFork ? 'forked' : 'first');
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'chosen' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  // Whoever lists runs sees that this one waits for an answer, though it is an agent that asks.
  const { searchAttributes } = await handle.describe();
  expect(searchAttributes['CoxNeeds']).toEqual(['question']);
  await handle.executeUpdate(updates.fork, { args: [{ task: 'a', to: 1, text: 'the other way', by: 'ann' }] });
  await until(handle, ({ tasks }) => tasks[0]?.rivals?.length === 2);
  await handle.executeUpdate(updates.answer, { args: [{ text: 'yes', by: 'ann' }] });
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'choice'));
  await handle.executeUpdate(updates.choose, { args: ['a.2'] });
  await approve(handle, 'delivery@1');
  await expect(handle.result()).resolves.toMatchObject({ tasks: [{ id: 'a', summary: 'forked' }] });
  expect(await git(repository, 'diff', '--name-only', 'main', 'chosen')).toBe('a/common.txt\na/fork.txt');
});

test('messages that come before the first task of an agent count, in the order in which they were sent', async () => {
  const told: string[][] = [];
  const crew = await startCrew(({ task, turn, request }) => {
    if (task === 'plan') return PLAN;
    told.push(
      request.items.flatMap((item) => (item.kind === 'user' && item.text.startsWith('Steer') ? [item.text] : [])),
    );
    return turn === 0 ? ask('go on?') : finish();
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'early' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  for (const text of ['skip exc.py', 'and keep the comments'])
    await handle.executeUpdate(updates.steer, { args: [{ text, by: 'ann' }] });
  const agent = agentOf(crew, handle);
  await untilAgent(agent, ({ receipts }) => receipts.filter(({ verb }) => verb === 'steer').length === 2);
  // Temporal puts the messages of the run that is reset before the first task of the new one.
  const { events } = await agent.fetchHistory();
  const first = events?.find(({ workflowTaskCompletedEventAttributes: completed }) => completed);
  const place = ['--workflow-id', agent.workflowId, '--event-id', String(first?.eventId), '--reason', 'a test'];
  await temporal('workflow', 'reset', ...place);
  await expect.poll(() => told.length).toBe(2);
  expect(told[1]).toEqual([
    'Steer from ann, a supervisor: skip exc.py',
    'Steer from ann, a supervisor: and keep the comments',
  ]);
  const { receipts } = await agent.query(agentQueries.status);
  expect(receipts.filter(({ state }) => state === 'refused')).toEqual([]);
  await handle.terminate();
});

test('a steer that waits is taken back, another one is reworded, and one that the model is reading stays', async () => {
  const told: string[][] = [];
  const reading = Promise.withResolvers<void>();
  const answering = Promise.withResolvers<void>();
  const crew = await startCrew(async ({ task, turn, request }) => {
    if (task === 'plan') return PLAN;
    told.push(
      request.items.flatMap((item) => (item.kind === 'user' && item.text.startsWith('Steer') ? [item.text] : [])),
    );
    if (turn === 0) return ask('go on?');
    if (turn === 2) return finish();
    reading.resolve();
    await answering.promise;
    return shell('echo done > a/done.txt');
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'taken-back' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  const send = async (verb: 'steer' | 'withdraw' | 'edit', input: object): Promise<MessageResult> =>
    await sendVerb(crew.client, handle.workflowId, updates[verb] as VerbUpdate<'steer'>, input as { text: string });
  for (const id of ['wrong', 'frist', 'last']) await send('steer', { id, text: `the ${id} one`, by: 'ann' });
  const agent = agentOf(crew, handle);
  await untilAgent(agent, ({ receipts }) => receipts.filter(({ verb }) => verb === 'steer').length === 3);
  expect(await send('withdraw', { steer: 'wrong', by: 'bob' })).toMatchObject({ kind: 'applied' });
  expect(await send('edit', { steer: 'frist', text: 'the first one', by: 'ann' })).toMatchObject({ kind: 'applied' });
  await handle.executeUpdate(updates.answer, { args: ['yes'] });
  await reading.promise;
  expect(await send('withdraw', { steer: 'last', by: 'bob' })).toMatchObject({
    kind: 'refused',
    detail: expect.stringMatching(/^a: model call \d+ is reading it/) as string,
  });
  answering.resolve();
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'delivery'));
  expect(told[1]).toEqual([
    'Steer from ann, a supervisor: the first one',
    'Steer from ann, a supervisor: the last one',
  ]);
  const { receipts } = await status(handle);
  const became = receipts.flatMap(({ verb, id, state }) => (verb === 'steer' ? [[id, state]] : []));
  expect(became).toEqual([
    ['wrong', 'withdrawn'],
    ['frist', 'delivered'],
    ['last', 'delivered'],
  ]);
  await approve(handle, 'delivery@1');
  await handle.result();
});
