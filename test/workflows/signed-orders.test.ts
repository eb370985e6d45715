import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, test } from 'vitest';
import { Keys } from '../core/signers.ts';
import { realKeys } from '../signing/real-keys.ts';
import { makeRepository, ROOT, startCrew, until } from './harness.ts';
import { approveAs, decisionsOf, needOf, ONE_TASK } from './signing.ts';
import { signals } from '../../src/workflows/messages.ts';

test('where nobody may approve what they asked for, cox signs the start; orders count only by signature', async () => {
  const keys = realKeys();
  const people = new Keys(keys);
  const crew = await startCrew(ONE_TASK);
  const approvers = ['ann', 'bob'].map((name) => people.approver(name));
  const decisions = { signatures: 'required', selfApproval: 'deny', approvers };
  const policy = JSON.stringify({ version: 1, limits: { decisions } });
  const repository = await makeRepository({ 'a/one.txt': 'one\n', '.coxswain/policy.yaml': policy });
  const env = {
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    COXSWAIN_STATE: crew.stateDir,
    COXSWAIN_TASK_QUEUE: crew.taskQueue,
  };
  const cox = async (...words: string[]): Promise<string> => {
    const { all } = await execa('node', [join(ROOT, 'bin/cox.mjs'), ...words], { env, reject: false, all: true });
    return all;
  };
  const id = `${crew.taskQueue}-signed`;
  await expect((await crew.start({ repository, requestedBy: 'renovate-bot' })).result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('cox run --sign-with') },
  });
  await cox('run', repository, 'do it', '--detach', '--id', id, '--sign-with', keys.file('ann'));
  const handle = crew.client.workflow.getHandle(id);
  await needOf(handle, 'plan@1');
  expect(await approveAs(keys, 'ann', handle, 'plan@1')).toMatchObject({
    kind: 'refused',
    detail: expect.stringContaining('decisions.selfApproval'),
  });
  await handle.signal(signals.stop, { by: 'bob', id: 'by-signal' });
  const { receipts } = await until(handle, (now) => now.receipts.some((receipt) => receipt.id === 'by-signal'));
  expect(receipts.find((receipt) => receipt.id === 'by-signal')).toMatchObject({
    state: 'refused',
    detail: expect.stringContaining('cox stop --sign-with'),
  });
  expect(await cox('stop', id, 'enough', '--sign-with', keys.file('bob'))).toContain('applied: stopping');
  expect(await handle.result()).toMatchObject({ outcome: 'stopped' });
});

/** The commands of the guide to signing by hand between two of its markers, for a run and a key. */
async function readCommands(name: string, { id, key }: { id: string; key: string }): Promise<string> {
  const guide = await readFile(join(ROOT, 'docs/operations.md'), 'utf8');
  const block = new RegExp(`<!-- ${name}:begin -->\\n\`\`\`sh\\n([^]*?)\`\`\`\\n<!-- ${name}:end -->`).exec(guide)?.[1];
  return (block ?? 'false').replaceAll('<id>', id).replaceAll('~/.ssh/id_ed25519', key);
}

test('the commands that operations.md gives for signing by hand sign a decision and an order that count', async () => {
  const keys = realKeys();
  const crew = await startCrew(ONE_TASK);
  const handle = await crew.start({ repository: await makeRepository(), policy: decisionsOf(keys) });
  await needOf(handle, 'plan@1');
  const env = {
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    PATH: `${dirname(inject('temporalPath'))}:${process.env['PATH'] ?? ''}`,
  };
  const run = async (name: string): Promise<string> => {
    const commands = await readCommands(name, { id: handle.workflowId, key: keys.file('ann') });
    return (await execa('sh', ['-ec', commands], { env, cwd: keys.folder })).stdout;
  };
  expect(await run('sign')).toContain('applied');
  expect(await run('order')).toContain('applied');
  expect(await handle.result()).toMatchObject({ outcome: 'stopped' });
});
