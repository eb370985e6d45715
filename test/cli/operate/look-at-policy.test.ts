import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lookAtPolicy } from '../../../src/cli/operate/look-at-policy.ts';
import { Keys, plainKeys } from '../../core/signers.ts';

/** A folder of policies and a repository beside it. */
async function places(files: Record<string, string>): Promise<{ folder: string; repository: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-doctor-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'teams'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return { folder, repository: folder };
}

const { publicKey } = new Keys(plainKeys).approver('ann');
const SIGNED = `version: 1\nlimits:\n  decisions:\n    signatures: required\n    approvers:\n      - { name: ann, publicKey: "${publicKey}" }\n`;

test('where policy requires signatures, ssh-keygen is looked for', async () => {
  const where = await places({ 'organisation.yaml': 'version: 1\n', 'teams/core.yaml': SIGNED });
  expect(await lookAtPolicy(where)).toMatchObject({ ok: true, text: expect.stringContaining('required for core') });
  const absent = async () => await Promise.resolve({ kind: 'absent' as const });
  expect(await lookAtPolicy(where, absent)).toMatchObject({
    ok: false,
    text: expect.stringContaining('ssh-keygen is not installed'),
  });
  const old = { kind: 'ended' as const, exitCode: 1, output: '', errors: 'unknown option -- Y' };
  expect(await lookAtPolicy(where, async () => await Promise.resolve(old))).toMatchObject({ ok: false });
});

test('where it does not, nothing is missing without it', async () => {
  const absent = async () => await Promise.resolve({ kind: 'absent' as const });
  const where = await places({ 'organisation.yaml': 'version: 1\n' });
  expect((await lookAtPolicy(where, absent)).ok).toBe(true);
  expect(await lookAtPolicy({ folder: undefined, repository: where.repository }, absent)).toEqual({
    ok: true,
    text: 'the built-in one only; signatures are not required',
  });
});

test('a file with a fault is said with its line', async () => {
  const where = await places({
    'organisation.yaml': 'version: 1\n',
    'teams/core.yaml': 'version: 1\nlimits:\n  colour: red\n',
  });
  expect(await lookAtPolicy(where)).toMatchObject({ ok: false, text: expect.stringContaining('teams/core.yaml:3') });
});
