/** What is said of a message and of agents is what is so: a real server, `cox` as a process. */
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, test } from 'vitest';
import { askBy } from '../../src/cli/person/ask-person.ts';
import { showStatus } from '../../src/cli/person/show.ts';
import { superviseAgent } from '../../src/cli/person/watch-agent.ts';
import { sendVerb } from '../../src/client/refactors.ts';
import { readSnapshot } from '../../src/client/snapshot.ts';
import { updates } from '../../src/workflows/messages.ts';
import { approve, ask, finish, makeRepository, onePlan, planned, ROOT, shell, startCrew, until } from './harness.ts';

const PLAN = planned(onePlan({ id: 'a', paths: ['a/**'] }));

test('a verb says what its agent made of it; after fork and choose the chosen agent is shown, and can be watched', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return PLAN;
    if (turn === 0) return shell('echo common > a/common.txt');
    return turn === 1 ? ask('go on?') : finish();
  });
  const handle = await crew.start({ repository: await makeRepository(), branch: 'told' });
  const id = handle.workflowId;
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));

  // What Temporal's UI shows beside each message.
  const { definition } = await handle.query<{ definition: Record<string, { name: string; description: string }[]> }>(
    '__temporal_workflow_metadata',
  );
  const shown = (list: string): Record<string, string> =>
    Object.fromEntries((definition[list] ?? []).map(({ name, description }) => [name, description]));
  expect(shown('updateDefinitions')).toMatchObject({
    rewind: expect.stringContaining(
      "take a task back to a checkpoint: a step's number or a commit id. Input: {task?, to,",
    ),
  });
  expect(shown('signalDefinitions')).toMatchObject({ pause: expect.stringContaining('start no more steps. Input: {') });
  expect(shown('queryDefinitions')).toMatchObject({ decisions: 'open and closed decisions' });

  const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), COXSWAIN_STATE: crew.stateDir };
  const args = [join(ROOT, 'bin/cox.mjs'), 'rewind', id, '99'];
  const rewind = await execa('node', args, { env, reject: false, all: true });
  expect(rewind).toMatchObject({ exitCode: 1, all: expect.stringContaining('refused: a: no single checkpoint "99"') });

  const forked = await sendVerb(crew.client, id, updates.fork, { task: 'a', to: 1, by: 'ann' });
  expect(forked).toMatchObject({ kind: 'applied', detail: expect.stringContaining('a second agent starts') });
  const racing = await until(handle, ({ agents = [] }) => agents.filter(({ needs }) => needs.length > 0).length === 2);
  const rows = showStatus(racing)
    .split('\n')
    .filter((line) => line.startsWith('        agent '));
  expect(rows).toEqual([
    expect.stringContaining(`agent ${id}/a.1: working`),
    expect.stringContaining(`agent ${id}/a.2: working`),
  ]);
  expect((await readSnapshot(crew.client, id)).ids).toEqual([`${id}/a.1`, `${id}/a.2`]);

  await sendVerb(crew.client, id, updates.choose, { agent: 'a.1', by: 'ann' });
  const alone = await until(handle, ({ agents = [] }) => agents.length === 1);
  expect(alone.tasks).toMatchObject([{ id: 'a', agent: `${id}/a.1` }]);
  expect((await readSnapshot(crew.client, id)).ids).toEqual([`${id}/a.1`]);

  const lines = ['go on', 'a', 'yes'];
  const said: string[] = [];
  const decide = askBy(() => Promise.resolve(lines.shift()));
  const supervision = {
    client: crew.client,
    id: `${id}/a.1`,
    by: 'ann',
    say: (line: string) => said.push(line),
    decide,
  };
  const watched = await superviseAgent(supervision);
  expect(watched).toMatchObject({ state: 'finished', task: 'a' });
  expect(said.join('\n')).toMatch(/DECIDE a\/question@1[^]*applied: a\/question@1 answered/);
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'delivery'));
  const watch = await execa('node', [join(ROOT, 'bin/cox.mjs'), 'watch', `${id}/a.1`], { env, all: true });
  expect(watch).toMatchObject({ exitCode: 0, all: expect.stringContaining('finished') });
  await handle.executeUpdate(updates.stop, { args: [{}] });
});
