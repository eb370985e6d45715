import { randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, test } from 'vitest';
import type { RefactorResult } from '../../src/core/refactor/state.ts';
import { agentQueries, updates } from '../../src/workflows/messages.ts';
import { realKeys } from '../signing/real-keys.ts';
import {
  approve,
  ask,
  finish,
  git,
  makeRepository,
  onePlan,
  planned,
  ROOT,
  shell,
  startCrew,
  until,
} from './harness.ts';
import { approveAs, decisionsOf, needOf, textOf } from './signing.ts';

const KEY = `AKIA${'QWERTYUIOPASDFGH'}`;

test('of what a call did named files are left out, and the rest is kept', async () => {
  const told: string[] = [];
  const crew = await startCrew(({ task, turn, request }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (turn === 0)
      return shell('echo new > a/new.txt; echo out > b/out.txt; mkdir log; echo l > log/1.log; rm README.md');
    told.push(...request.items.flatMap((item) => (item.kind === 'user' ? [item.text] : [])));
    if (turn === 1) return shell('ls log README.md b; echo more > a/more.txt');
    return finish();
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'left' });
  await approve(handle, 'plan@1');
  const { needs } = await until(handle, (now) => now.needs.some(({ kind }) => kind === 'outside'));
  const [decision] = needs.map(({ id }) => id);
  const by = 'ann';
  const refused = handle.executeUpdate(updates.approve, { args: [{ decision, leaveOut: ['log/\u202e'], by }] });
  await expect(refused).resolves.toMatchObject({ kind: 'refused' });
  await handle.executeUpdate(updates.approve, { args: [{ decision, leaveOut: ['log/**', 'README.md'], by }] });
  await approve(handle, 'delivery@1');
  await expect(handle.result()).resolves.toMatchObject({ outcome: 'done' });
  expect(await git(repository, 'diff', '--name-status', 'main', 'left')).toBe(
    'A\ta/more.txt\nA\ta/new.txt\nA\tb/out.txt',
  );
  expect(told.join('\n')).toContain('ann kept what your last call changed, but for log/**, README.md');
});

test('of a result that reaches beyond its plan files are left out of every commit, and the checks of its task run on what is left', async () => {
  const check = 'grep -q key README.md || test -e a/other.txt';
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'], checks: [check] }));
    if (task === 'repair-1') return turn === 0 ? shell('echo other > a/other.txt') : finish();
    if (turn === 2) return shell('echo more > a/more.txt');
    return turn === 0 ? shell('echo new > a/new.txt') : turn === 1 ? ask('look?') : finish();
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'left' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  // A person's commit is in the result too, under its own name.
  const hub = (await readdir(join(crew.stateDir, 'hub'))).find((name) => name.endsWith('.git')) ?? '';
  const remote = join(crew.stateDir, 'hub', hub);
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  const { head } = await agent.query(agentQueries.status);
  await git(repository, 'fetch', '-q', remote, head ?? '');
  await git(repository, 'checkout', '-q', '--detach', head ?? '');
  await writeFile(join(repository, 'README.md'), `key ${KEY}\n`);
  await writeFile(join(repository, 'a/by-hand.txt'), 'by hand\n');
  await git(repository, 'add', '-A');
  await git(repository, 'commit', '-q', '-m', 'by hand');
  await git(repository, 'push', '-q', remote, 'HEAD:refs/heads/mine');
  const from = await git(repository, 'rev-parse', 'HEAD');
  await git(repository, 'checkout', '-q', 'main');
  await agent.executeUpdate(updates.pause, { args: [{}] });
  await agent.executeUpdate(updates.resume, { args: [{ from, by: 'ann' }] });
  await handle.executeUpdate(updates.answer, { args: [{ text: 'yes', by: 'ann' }] });
  const asked = await until(handle, (now) => now.needs.some(({ kind }) => kind === 'integration'));
  const decision = 'a/integration@1';
  expect(asked.needs).toMatchObject([{ id: decision, about: expect.stringContaining('README.md') }]);
  await handle.executeUpdate(updates.approve, { args: [{ decision, leaveOut: ['README.md'], by: 'ann' }] });
  const { needs } = await until(handle, (now) => now.needs.some(({ kind }) => kind === 'delivery'));
  expect(needs[0]?.about.split('\n')[0]).toContain('left out of a: README.md, 1 of 1 checks green');
  await approve(handle, 'delivery@1');
  const result = (await handle.result()) as RefactorResult;
  // The check was green for the agent, red without the file, and green again once another agent had mended it.
  expect(result.evidence).toMatchObject([{ command: check, green: true, commit: result.commit, tree: result.tree }]);
  expect(await git(repository, 'rev-parse', 'left^{tree}')).toBe(result.tree);
  expect(await git(repository, 'diff', '--name-status', 'main', 'left')).toBe(
    'A\ta/by-hand.txt\nA\ta/more.txt\nA\ta/new.txt\nA\ta/other.txt',
  );
  expect(await git(repository, 'show', 'left:README.md')).toBe('read');
  const log = await git(repository, 'log', '-p', 'main..left');
  expect(log).not.toContain(KEY);
  expect(log).toContain('    by hand\n');
  expect(log).toContain('    Coxswain-Left-Out: README.md\n');
  expect(result.report).toContain('ann left out of a: README.md');
});

test('where decisions are signed, files are left out of a result by a signature over just these', async () => {
  const keys = realKeys();
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? shell(`echo "const key = '${KEY}';" > a/keys.js; echo new > a/new.txt`) : finish();
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'signed', policy: decisionsOf(keys) });
  await approveAs(keys, 'ann', handle, 'plan@1');
  await needOf(handle, 'a/effects@1');
  // Around the question, so that it is asked at the integration.
  const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), COXSWAIN_STATE: crew.stateDir };
  const words = ['rewind', handle.workflowId, '1', '--task', 'a', '--sign-with', keys.file('ann')];
  await execa('node', [join(ROOT, 'bin/cox.mjs'), ...words], { env });
  const decision = 'a/integration@1';
  const need = await needOf(handle, decision);
  const left = { leaveOut: ['a/keys.js'] };
  const send = async (signed: object, sent: object): Promise<unknown> => {
    const id = randomUUID();
    const signature = keys.signText('ann', textOf('approve', id, need, signed));
    return await handle.executeUpdate(updates.approve, { args: [{ decision, id, by: 'ann', signature, ...sent }] });
  };
  for (const [signed, sent] of [
    [{}, left],
    [left, {}],
    [{ leaveOut: ['a/new.txt'] }, left],
  ] as const)
    expect(await send(signed, sent)).toMatchObject({ kind: 'refused' });
  expect(await send(left, left)).toMatchObject({ kind: 'applied' });
  await approveAs(keys, 'bob', handle, 'delivery@1');
  await handle.result();
  expect(await git(repository, 'diff', '--name-status', 'main', 'signed')).toBe('A\ta/new.txt');
  expect(await git(repository, 'log', '-p', 'main..signed')).not.toContain(KEY);
});
