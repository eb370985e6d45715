import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { refSlug } from '../../src/git/ref-name.ts';
import { agentQueries, signals, updates } from '../../src/workflows/messages.ts';
import type { Script } from './harness.ts';
import { recordHistories } from './record.ts';
import {
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
  until,
} from './harness.ts';

const TWO_TASKS: Script = ({ task, turn }) => {
  if (task === 'plan')
    return turn === 0 ? shell('ls') : planned(onePlan({ id: 'a', paths: ['a/**'] }, { id: 'b', paths: ['b/**'] }));
  return turn === 0 ? shell(`echo ${task} >> ${task}/new.txt`) : finish(`wrote ${task}/new.txt`);
};

test('a refactor goes from its goal to a delivered branch, with a person at both gates', async () => {
  const crew = await startCrew(TWO_TASKS);
  const repository = await makeRepository();
  const handle = await crew.start({ repository, checks: ['test -f README.md'], branch: 'coxswain/two' });
  const result = await approveAll(handle);
  expect(result).toMatchObject({
    outcome: 'done',
    branch: 'coxswain/two',
    tasks: [
      { id: 'a', status: 'integrated' },
      { id: 'b', status: 'integrated' },
    ],
    evidence: [{ command: 'test -f README.md', green: true, isolation: 'bwrap' }],
  });
  expect(await git(repository, 'rev-parse', 'coxswain/two', 'coxswain/two^{tree}')).toBe(
    `${result.commit}\n${result.tree}`,
  );
  expect(result.evidence[0]?.tree).toBe(result.tree);
  // What a check said is in the hub, as a commit of the very tree that it judged.
  const hub = join(crew.stateDir, 'hub', `${refSlug(repository)}.git`);
  const kept = await git(hub, 'show', '--no-patch', '--format=%T%n%B', result.evidence[0]?.log ?? 'none');
  expect(kept).toContain(`${result.tree}\nevidence: 1 of 1 green`);
  expect(kept).toContain('$ test -f README.md');
  expect(await git(repository, 'diff', '--stat', 'main', 'coxswain/two')).toContain('2 files changed, 2 insertions(+)');
  expect(await git(repository, 'log', '--format=%s', 'main..coxswain/two')).toMatch(/^Do [ab]\nDo [ab]$/);
  expect(await git(repository, 'status', '--porcelain')).toBe('');
  expect(result.report).toContain('wrote a/new.txt');
  // So is the report, beside the runs.
  const ref = `refs/coxswain/refactors/${refSlug(handle.workflowId)}/report`;
  const report = await git(hub, 'show', '--no-patch', '--format=%T%n%B', ref);
  expect(report).toContain(`${result.tree}\nreport of ${handle.workflowId}\n\n${result.report.trimEnd()}`);
  const id = handle.workflowId;
  await recordHistories({
    'v0.1-refactor': id,
    'v0.1-agent-work': `${id}/a.1`,
    'v0.1-agent-plan': `${id}/plan.1`,
  });
});

describe('messages', () => {
  test('a steer reaches the next model call, visibly', async () => {
    const crew = await startCrew(({ task, turn, request }) => {
      if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
      const steered = request.items.some((item) => item.kind === 'user' && item.text.includes('write steered'));
      if (steered) return turn < 3 ? shell('echo steered > a/steered.txt') : finish();
      return shell('sleep 0.2; echo again >> a/again.txt');
    });
    const repository = await makeRepository();
    const handle = await crew.start({ repository });
    await approve(handle, 'plan@1');
    await until(handle, ({ tasks }) => tasks.some(({ agent }) => agent !== null && agent.includes('/a.')));
    await handle.signal(signals.steer, { text: 'write steered', by: 'ann', id: 's1' });
    await approve(handle, 'delivery@1');
    await handle.result();
    const { receipts } = await status(handle);
    await recordHistories({ 'v0.1-agent-steered': `${handle.workflowId}/a.1` });
    expect(receipts.find(({ id }) => id === 's1')).toMatchObject({
      state: 'delivered',
      detail: expect.stringMatching(/^a: delivered to model call \d+$/),
    });
    expect(await git(repository, 'ls-tree', '-r', '--name-only', 'coxswain/' + handle.workflowId)).toContain(
      'a/steered.txt',
    );
  });

  test('while paused no step starts and queries still answer', async () => {
    const crew = await startCrew(({ task, turn }) => {
      if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
      return turn < 6 ? shell(`sleep 0.1; echo ${turn} > a/turn`) : finish();
    });
    const handle = await crew.start({ repository: await makeRepository() });
    await approve(handle, 'plan@1');
    const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
    await until(handle, ({ tasks }) => tasks.some(({ id, status: state }) => id === 'a' && state === 'working'));
    await handle.executeUpdate(updates.pause, { args: [{ by: 'ann', reason: 'lunch' }] });
    // What was under way ends first.
    const { step } = await vi.waitUntil(
      async () => {
        const now = await agent.query(agentQueries.status);
        return now.state === 'paused' && now;
      },
      { timeout: 240_000, interval: 100 },
    );
    const asked = crew.model.requests.length;
    // Nothing may happen: a step that is not held takes a fraction of this.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await agent.query(agentQueries.status)).toMatchObject({ state: 'paused', paused: 'by ann: lunch', step });
    expect(crew.model.requests.length).toBe(asked);
    await handle.signal(signals.resume);
    await approve(handle, 'delivery@1');
  });
});

test('the chain in the hub is the agent: git log reads as its steps, and the hub holds no branch of the user', async () => {
  const crew = await startCrew(TWO_TASKS);
  const handle = await crew.start({ repository: await makeRepository(), branch: 'x' });
  await approveAll(handle);
  const names = await readdir(join(crew.stateDir, 'hub'));
  const hub = names.find((name) => name.endsWith('.git')) ?? '';
  const dir = join(crew.stateDir, 'hub', hub);
  const refs = await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/coxswain/agents');
  const chain = refs.split('\n').find((ref) => /a-1/.test(ref)) ?? '';
  const log = await git(dir, 'log', '--format=%s', '-4', chain);
  expect(log.split('\n').map((line) => line.replace(/\{.*/, '…'))).toEqual([
    '2 think: finish …',
    '1 echo a >> a/new.txt → exit status 0',
    '1 think: shell …',
    'begin a: Do a',
  ]);
  expect(await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/heads')).toBe('');
});
