import { execFileSync } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findSigningKey, signText } from '../../src/signing/sign-text.ts';
import { verifyText } from '../../src/signing/verify-text.ts';
import { Keys } from '../core/signers.ts';
import type { RealKeys } from './real-keys.ts';
import { realKeys } from './real-keys.ts';

const NAMES = ['SSH_AUTH_SOCK', 'HOME', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM'];
const before = NAMES.map((name) => [name, process.env[name]] as const);
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

async function isAnns(keys: RealKeys, signature: string): Promise<boolean> {
  const approvers = [new Keys(keys).approver('ann')];
  return (await verifyText({ text: 'text', signature, signer: null, approvers, at: Date.now() })).kind === 'good';
}

/** Starts an SSH agent with Ann's key, whose file is then removed. */
async function startAgent(keys: RealKeys): Promise<void> {
  const socket = join(keys.folder, 'agent');
  const started = execFileSync('ssh-agent', ['-s', '-a', socket], { encoding: 'utf8' });
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1]);
  onTestFinished(() => void process.kill(pid));
  process.env['SSH_AUTH_SOCK'] = socket;
  execFileSync('ssh-add', ['-q', keys.file('ann')], { stdio: 'ignore' });
  await rename(keys.file('ann'), join(keys.folder, 'hidden'));
}

describe('a text is signed', () => {
  test('with a private key file', async () => {
    const keys = realKeys();
    expect(await isAnns(keys, await signText('text', keys.file('ann')))).toBe(true);
  });

  test("with a public key whose private key is only in the person's SSH agent, as a file or as text", async () => {
    const keys = realKeys();
    const publicKey = keys.publicKey('ann');
    await startAgent(keys);
    const file = join(keys.folder, 'ann.pub');
    for (const key of [file, publicKey, `key::${publicKey}`])
      expect(await isAnns(keys, await signText('text', key)), key).toBe(true);
  });

  test('or the error says why not', async () => {
    const keys = realKeys();
    delete process.env['SSH_AUTH_SOCK'];
    await expect(signText('text', join(keys.folder, 'nobody'))).rejects.toThrow('there is no key file');
    await expect(signText('text', `${keys.file('ann')}.pub`)).resolves.toContain('BEGIN SSH SIGNATURE');
    await rename(keys.file('ann'), join(keys.folder, 'hidden'));
    await expect(signText('text', join(keys.folder, 'ann.pub'))).rejects.toThrow('ssh-keygen did not sign');
  });
});

describe('without a named key', () => {
  let keys: RealKeys;
  beforeEach(async () => {
    keys = realKeys();
    process.env['HOME'] = keys.folder;
    process.env['GIT_CONFIG_GLOBAL'] = join(keys.folder, 'gitconfig');
    process.env['GIT_CONFIG_NOSYSTEM'] = '1';
    await writeFile(join(keys.folder, 'gitconfig'), '');
  });

  test('it is the key that git signs commits with, if that is an SSH key', async () => {
    await writeFile(join(keys.folder, 'gitconfig'), '[user]\n  signingkey = ~/ann\n[gpg]\n  format = ssh\n');
    expect(await findSigningKey()).toBe(join(keys.folder, 'ann'));
    await writeFile(join(keys.folder, 'gitconfig'), '[user]\n  signingkey = ABCDEF\n');
    await expect(findSigningKey()).rejects.toThrow('there is no key to sign with');
  });

  test('it is the ed25519 key otherwise', async () => {
    execFileSync('mkdir', [join(keys.folder, '.ssh')]);
    await rename(keys.file('ann'), join(keys.folder, '.ssh', 'id_ed25519'));
    expect(await findSigningKey()).toBe(join(keys.folder, '.ssh', 'id_ed25519'));
  });
});
