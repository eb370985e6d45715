/** Other AIs see, steer and decide by `cox mcp`, within what policy gives them; what it leaves to people, people confirm. */
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { MESSAGE_SCHEMAS, VERBS } from '../../src/core/decisions/messages.ts';
import { QUERY_NOTES, VERB_NOTES } from '../../src/core/decisions/message-notes.ts';
import { refactorQueries } from '../../src/workflows/messages.ts';
import { ask, finish, makeRepository, onePlan, planned, ROOT, shell, startCrew, until } from '../workflows/harness.ts';
import { environmentOf } from '../workflows/run-cox.ts';
import { startProgram } from './connect.ts';

const SCRIPT = ({ task, turn }: { task: string; turn: number }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  if (turn === 0) return shell('echo new > a/new.txt');
  return turn === 1 ? ask('tabs or blanks?') : finish();
};

const digestIn = (text: string): string => /^digest ([0-9a-f]{64})$/m.exec(text)?.[1] ?? 'no digest';

test('a run from its plan to its delivery: looked at and steered by tools, decided by a person who is shown each thing', async () => {
  const crew = await startCrew(SCRIPT);
  const handle = await crew.start({ repository: await makeRepository(), goal: 'make it new' });
  const run = handle.workflowId;
  await until(handle, ({ needs }) => needs.length === 1);
  const { call, client, shown } = await startProgram(crew, () => true);

  const { tools } = await client.listTools();
  const names = tools.map(({ name }) => name);
  for (const name of [...VERBS, ...Object.keys(QUERY_NOTES), 'list', 'inbox', 'decision', 'show', 'diff'])
    expect(names).toContain(name);
  for (const verb of VERBS) {
    const tool = tools.find(({ name }) => name === verb);
    expect(tool?.description).toBe(VERB_NOTES[verb].does);
    const own = Object.keys(MESSAGE_SCHEMAS[verb].shape).filter(
      (name) => !['by', 'id', 'signature', 'signer', 'expiresAt'].includes(name),
    );
    expect(Object.keys(tool?.inputSchema.properties ?? {}).toSorted()).toEqual(['run', ...own].toSorted());
  }
  expect(tools.find(({ name }) => name === 'approve')?.inputSchema.required?.toSorted()).toEqual([
    'decision',
    'digest',
    'run',
  ]);

  expect(await call('list', {})).toContain(run);
  expect(await call('status', { run })).toContain('make it new');
  const plan = await call('decision', { run, decision: 'plan@1' });
  expect(plan).toContain('Work on a');
  expect(await call('steer', { run, text: 'keep it short' })).toContain('by helper');
  expect(await call('approve', { run, decision: 'plan@1', digest: digestIn(plan) })).toContain('applied, by ');
  expect(shown[0]).toContain('helper asks you to send: approve');
  expect(shown[0]).toContain('| Work on a');
  expect(shown[0]).toContain(digestIn(plan));
  const known = await handle.query(refactorQueries.plan);
  expect(known?.approvedBy).not.toBe('helper');
  expect(known?.approvedBy).not.toBeNull();

  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  expect(await call('inbox', {})).toContain('tabs or blanks?');
  expect(await call('answer', { run, question: 'a/question@1', text: 'tabs' })).toContain('answered');
  expect(shown[1]).toContain('| tabs or blanks?');
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'delivery@1'));
  expect(await call('diff', { run })).toContain('+new');
  expect(await call('show', { run, agent: 'a' })).toContain('echo new');
  const delivery = await call('decision', { run, decision: 'delivery@1' });
  expect(delivery).toContain('a/new.txt');
  expect(await call('approve', { run, decision: 'delivery@1', digest: digestIn(delivery) })).toContain('applied, by ');
  await handle.result();
  expect(await call('report', { run })).toContain('make it new');
  expect(shown).toHaveLength(3);
  // It ends with its client, and says nothing on its output but the protocol.
  const args = [join(ROOT, 'bin/cox.mjs'), 'mcp'];
  const { exitCode, stdout } = await execa('node', args, { env: environmentOf(crew), input: '' });
  expect([exitCode, stdout]).toEqual([0, '']);
});
