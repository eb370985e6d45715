import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agentQueries, updates } from '../../src/workflows/messages.ts';
import type { Script } from './harness.ts';
import { recordHistories } from './record.ts';
import { approve, ask, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';

const KEY = `AKIA${'QWERTYUIOPASDFGH'}`;

/** A worker whose first commands are these; then it finishes. */
function working(...commands: string[]): Script {
  return ({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    const command = commands[turn];
    return command === undefined ? finish() : shell(command);
  };
}

test('a command that a rule speaks against waits for a person; one that a rule denies is told to the model and never runs', async () => {
  const crew = await startCrew(
    working('chmod u+s a/one.txt', ...Array(2).fill('git push origin main'), 'echo new > a/new.txt'),
  );
  const repository = await makeRepository();
  const handle = await crew.start({ repository });
  await approve(handle, 'plan@1');
  const { needs } = await until(handle, (now) => now.needs.some(({ kind }) => kind === 'call'));
  expect(needs).toMatchObject([
    { id: 'a/call@1', about: expect.stringMatching(/^rule git-publish \(built-in\): .*\ngit push origin main$/) },
  ]);
  const asked = crew.model.requests.at(-1)?.items.findLast(({ kind }) => kind === 'result');
  expect(asked).toMatchObject({ output: expect.stringContaining('Policy denies this call, by rule setuid') });
  await handle.executeUpdate(updates.reject, { args: [{ decision: 'a/call@1', note: 'delivery is mine' }] });
  // Without a network and a remote it does no harm.
  await approve(handle, 'a/call@2');
  await approve(handle, 'delivery@1');
  await expect(handle.result()).resolves.toMatchObject({ outcome: 'done' });
  const { workflowId } = handle;
  await recordHistories({ 'v0.2-refactor-judged': workflowId, 'v0.2-agent-judged': `${workflowId}/a.1` });
});

test('a secret that an act left holds the agent; rejected, it is gone from the files, and the branch never has it', async () => {
  const crew = await startCrew(
    working(`echo "const key = '${KEY}';" > a/keys.js; echo two >> a/one.txt`, 'echo x > a/x'),
  );
  const repository = await makeRepository();
  const handle = await crew.start({ repository });
  await approve(handle, 'plan@1');
  const { needs } = await until(handle, (now) => now.needs.some(({ kind }) => kind === 'effects'));
  expect(needs).toMatchObject([
    {
      id: 'a/effects@1',
      risk: 'high',
      about: expect.stringMatching(new RegExp(`^HIGH secret a/keys.js:1: .*\n.*${KEY}`)),
    },
  ]);
  await handle.executeUpdate(updates.reject, { args: [{ decision: 'a/effects@1', by: 'ann' }] });
  await approve(handle, 'delivery@1');
  const { branch } = (await handle.result()) as { branch: string };
  expect(await git(repository, 'diff', '--name-only', 'main', branch)).toBe('a/x');
  expect(await git(repository, 'log', '-p', `main..${branch}`)).not.toContain(KEY);
});

test('what policy denies of effects is undone at once, and the model is told why', async () => {
  const crew = await startCrew(working(`echo "const key = '${KEY}';" > a/keys.js`, 'echo x > a/x'));
  const repository = await makeRepository();
  const handle = await crew.start({ repository, policy: { effects: { secret: 'deny' } } });
  await approve(handle, 'plan@1');
  await approve(handle, 'delivery@1');
  const { branch } = (await handle.result()) as { branch: string };
  expect(await git(repository, 'diff', '--name-only', 'main', branch)).toBe('a/x');
  const told = crew.model.requests.flatMap(({ items }) => items.flatMap((item) => ('text' in item ? [item.text] : [])));
  expect(told.some((text) => /Policy denies what this left:[^]*secret a\/keys\.js[^]*were undone/.test(text))).toBe(
    true,
  );
});

test('what a person changed outside of the plan is asked about before it is integrated, and shown at the delivery', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (turn === 2) return shell('echo more > a/more.txt');
    return turn === 0 ? shell('echo new > a/new.txt') : turn === 1 ? ask('look?') : finish();
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  await writeFile(join(repository, 'README.md'), `key ${KEY}\n`);
  const names = await readdir(join(crew.stateDir, 'hub'));
  const hub = names.find((name) => name.endsWith('.git')) ?? '';
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  const { head } = await agent.query(agentQueries.status);
  await git(repository, 'fetch', '-q', join(crew.stateDir, 'hub', hub), head ?? '');
  await git(repository, 'checkout', '-q', '--detach', head ?? '');
  await git(repository, 'commit', '-q', '-am', 'by hand');
  const mine = await git(repository, 'rev-parse', 'HEAD');
  await git(repository, 'push', '-q', join(crew.stateDir, 'hub', hub), 'HEAD:refs/heads/mine');
  await git(repository, 'checkout', '-q', 'main');
  await agent.executeUpdate(updates.pause, { args: [{}] });
  await agent.executeUpdate(updates.resume, { args: [{ from: mine, by: 'ann' }] });
  await handle.executeUpdate(updates.answer, { args: [{ text: 'yes', by: 'ann' }] });
  // The command after the wheel is not asked about: what a person brought is theirs.
  const asked = await until(handle, (now) => now.needs.some(({ kind }) => kind === 'integration'));
  expect(asked.needs.map(({ id }) => id)).toEqual(['a/integration@1']);
  expect(await agent.query(agentQueries.decisions)).toMatchObject([{ kind: 'question' }]);
  await approve(handle, 'a/integration@1');
  const { needs } = await until(handle, (now) => now.needs.some(({ kind }) => kind === 'delivery'));
  expect(needs[0]?.about.split('\n').slice(0, 20).join('\n')).toMatch(
    new RegExp(`HIGH secret README.md:1: .*\n.*${KEY}`),
  );
  await approve(handle, 'delivery@1');
  const { branch } = (await handle.result()) as { branch: string };
  expect(await git(repository, 'diff', '--name-only', 'main', branch)).toBe('README.md\na/more.txt\na/new.txt');
  const { workflowId } = handle;
  await recordHistories({ 'v0.2-refactor-beyond': workflowId, 'v0.2-agent-beyond': `${workflowId}/a.1` });
});

test('what nobody kept is asked about before it is integrated, also when a rewind went around the question', async () => {
  const crew = await startCrew(working(`echo "const key = '${KEY}';" > a/keys.js`));
  const repository = await makeRepository();
  const handle = await crew.start({ repository });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'a/effects@1'));
  await handle.executeUpdate(updates.rewind, { args: [{ task: 'a', to: 1, by: 'mallory' }] });
  const { needs } = await until(handle, (now) => now.needs.some(({ id }) => id === 'a/integration@1'));
  expect(needs).toMatchObject([
    { kind: 'integration', risk: 'high', about: expect.stringMatching(/^HIGH secret a\/keys\.js:1/) },
  ]);
  await approve(handle, 'a/integration@1');
  await approve(handle, 'delivery@1');
  await expect(handle.result()).resolves.toMatchObject({ outcome: 'done' });
});

test('a change of a protected path that a task was allowed is of high risk for whoever delivers, with the reason', async () => {
  const crew = await startCrew(
    working('echo new > a/new.txt', 'mkdir -p deploy && echo "replicas: 3" > deploy/prod.yaml'),
  );
  const repository = await makeRepository();
  const handle = await crew.start({ repository, policy: { protectedPaths: ['deploy/**'] } });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'a/outside@1'));
  await approve(handle, 'a/outside@1');
  const { needs } = await until(handle, (now) => now.needs.some(({ kind }) => kind === 'delivery'));
  const reason = 'policy protects it (protectedPaths: deploy/**), and a person let a task change it (added)';
  expect(needs[0]?.about.split('\n')[1]).toBe(`HIGH protected-path deploy/prod.yaml:1: ${reason}`);
});

test('many findings alike that were kept act by act are not asked about again at the integration', async () => {
  const binaries = (from: number): string =>
    `for i in $(seq ${from} ${from + 29}); do printf 'a\\0%s' $i > a/f$i.bin; done`;
  const crew = await startCrew(working(binaries(100), binaries(200), 'chmod 644 a/one.txt'));
  const repository = await makeRepository();
  const handle = await crew.start({ repository });
  await approve(handle, 'plan@1');
  for (const [turn, first] of [
    [1, 'a/f100.bin'],
    [2, 'a/f200.bin'],
  ] as const) {
    const { needs } = await until(handle, (now) => now.needs.some(({ id }) => id === `a/effects@${turn}`));
    expect(needs[0]?.about).toMatch(`HIGH binary a/*.bin: 30 files, as ${first}: 5 bytes that nobody can read`);
    await approve(handle, `a/effects@${turn}`);
  }
  const { needs } = await until(handle, (now) => now.needs.some(({ id }) => !id.startsWith('a/effects')));
  expect(needs).toMatchObject([{ id: 'delivery@1', about: expect.stringContaining('a/*.bin: 60 files') }]);
});
