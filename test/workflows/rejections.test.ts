/** What becomes of a run whose decisions are rejected, or answered by words that are no key: real server, real git. */
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, test } from 'vitest';
import { askBy } from '../../src/cli/person/ask-person.ts';
import { supervise } from '../../src/cli/person/supervise.ts';
import type { Crew } from './harness.ts';
import { approve, finish, git, makeRepository, onePlan, planned, ROOT, shell, startCrew, until } from './harness.ts';

const PLAN = planned(onePlan({ id: 'a', paths: ['a/**'] }));

/** A model that writes a file for its task, and another once changes are asked for. */
function startWriters(): Promise<Crew> {
  return startCrew(({ task, turn }) => {
    if (task === 'plan') return PLAN;
    if (turn > 0) return finish();
    return shell(task === 'a' ? 'echo old > a/name.txt' : 'echo new > a/name.txt');
  });
}

test('a friendly word at the prompt decides nothing; no asks for changes, which are delivered', async () => {
  const crew = await startWriters();
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'changed' });
  const lines = ['y', 'ok, approve', 'n', 'call it new', 'y'];
  const said: string[] = [];
  const status = await supervise({
    client: crew.client,
    id: handle.workflowId,
    by: 'ann',
    say: (line) => said.push(line),
    decide: askBy((text) => {
      said.push(text);
      return Promise.resolve(lines.shift());
    }),
  });
  expect(status?.state).toBe('done');
  expect(lines).toEqual([]);
  expect(said.filter((line) => line.includes('is none of the keys'))).toHaveLength(1);
  expect(await git(repository, 'show', 'changed:a/name.txt')).toBe('new');
  expect(await git(repository, 'diff', '--name-only', 'main', 'changed')).toBe('a/name.txt');
  const told = crew.model.requests.map(({ items }) => JSON.stringify(items)).join();
  expect(told).toContain('ann looked at the integrated work and wants changes before it is delivered: call it new');
});

test('cox approves nothing that it was not told by id where nobody can be asked', async () => {
  const crew = await startWriters();
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'named' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'delivery@1'));
  const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), COXSWAIN_STATE: crew.stateDir };
  const cox = (...words: string[]): ReturnType<typeof run> => run(words, env);
  const unnamed = await cox('approve', handle.workflowId);
  expect(unnamed.exitCode).toBe(1);
  expect(unnamed.all).toContain(`cox approve ${handle.workflowId} delivery@1`);
  expect(unnamed.all).toContain('deliver ');
  const silent = await cox('reject', handle.workflowId, 'delivery@1');
  expect(silent).toMatchObject({ exitCode: 1, all: expect.stringContaining('asks for changes, so say which') });
  expect((await cox('approve', handle.workflowId, 'delivery@1')).exitCode).toBe(0);
  await handle.result();
  expect(await git(repository, 'show', 'named:a/name.txt')).toBe('old');
});

async function run(words: string[], env: Record<string, string>): Promise<{ exitCode?: number; all: string }> {
  const { exitCode, all } = await execa('node', [join(ROOT, 'bin/cox.mjs'), ...words], {
    env,
    reject: false,
    all: true,
    stdin: 'ignore',
  });
  return { ...(exitCode === undefined ? {} : { exitCode }), all };
}
