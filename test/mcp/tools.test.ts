/** What else the tools of `cox mcp` do: start runs, give orders, take back their own words, and read resources. */
import { expect, test } from 'vitest';
import { runQueries } from '../../src/workflows/messages.ts';
import { Keys } from '../core/signers.ts';
import { realKeys } from '../signing/real-keys.ts';
import { finish, makeRepository, onePlan, planned, shell, startCrew, until } from '../workflows/harness.ts';
import { connect } from './connect.ts';

const SCRIPT = ({ task, turn }: { task: string; turn: number }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  return turn === 0 ? shell('echo new > a/new.txt') : finish();
};

test('a run is started once a person has seen its whole input, in their name', async () => {
  const crew = await startCrew(SCRIPT);
  const replies = [false, true];
  const { call, shown, client } = await connect(crew, () => replies.shift() ?? false);
  const input = { repository: await makeRepository(), goal: 'make it new', checks: ['true'] };
  expect(await call('run', input)).toMatch(/^refused: the person did not confirm it\. .* cox run \S+ 'make it new'$/);
  const started = await call('run', input);
  const [, run = ''] = /^started (cox-[0-9a-f]{12}), requested by carl/.exec(started) ?? [];
  expect(shown[1]).toContain('| ');
  for (const part of ['helper', input.repository, 'make it new', '"true"']) expect(shown[1]).toContain(part);
  const handle = crew.client.workflow.getHandle(run);
  const { needs } = await until(handle, (now) => now.needs.length === 1);
  expect(needs[0]?.id).toBe('plan@1');
  expect(await call('run', { ...input, requestedBy: 'ann' })).toMatch(/^refused: /);

  const read = async (uri: string): Promise<string> => JSON.stringify((await client.readResource({ uri })).contents);
  const { resources } = await client.listResources();
  expect(resources.map(({ uri }) => uri)).toContain(`cox://run/${run}`);
  expect(await read(`cox://run/${run}`)).toContain('make it new');
  expect(await read(`cox://plan/${run}`)).toContain('Work on a');
  expect(await read(`cox://decision/${run}/${encodeURIComponent('plan@1')}`)).toContain(needs[0]?.digest);
  await expect(read(`cox://diff/${run}`)).rejects.toThrow('nothing is integrated yet');
  await handle.terminate();
});

test('an AI takes back its own steer, not another’s; orders take the right control, not any right', async () => {
  const people = new Keys(realKeys());
  const approversWith = (may: ('plan' | 'control')[]) => ({
    decisions: { approvers: [people.approver('ann'), people.approver('helper', { may })] },
  });
  const crew = await startCrew(SCRIPT);
  const start = async (may: ('plan' | 'control')[]) => {
    const handle = await crew.start({ repository: await makeRepository(), policy: approversWith(may) });
    await until(handle, (now) => now.needs.length === 1);
    return handle;
  };
  const [one, two] = [await start(['plan']), await start(['plan', 'control'])];
  const run = one.workflowId;
  const { call, shown } = await connect(crew, () => false);
  await call('steer', { run, text: 'mine' });
  await one.executeUpdate('steer', { args: [{ text: 'hers', by: 'ann', id: 'steer-of-ann' }] });
  const { receipts } = await one.query(runQueries.status);
  const own = receipts.find(({ by }) => by === 'helper')?.id ?? '';
  expect(await call('edit', { run, steer: own, text: 'better' })).toContain('by helper');
  expect(await call('withdraw', { run, steer: own })).toContain('by helper');
  expect(shown).toEqual([]);
  expect(await call('withdraw', { run, steer: 'steer-of-ann' })).toContain('refused: the person did not confirm it');
  expect(await call('withdraw', { run })).toContain('refused: the person did not confirm it');
  expect(shown).toHaveLength(2);
  // Where nobody is named for control, a person may give orders with any right; an AI may not.
  expect(await call('stop', { run })).toContain('refused: the person did not confirm it');
  expect(await call('stop', { run: two.workflowId })).toContain('applied, by helper');
  expect(shown).toHaveLength(3);
});
