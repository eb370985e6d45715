/**
 * Real SSH keys in a temporary folder, and ssh-keygen's verdicts.
 * Rule: a person's own keys, SSH agent and configuration are never used.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { SIGNATURE_NAMESPACE } from '../../src/core/decisions/signed-text.ts';
import { verifyText } from '../../src/signing/verify-text.ts';
import type { KeyKind } from '../core/signers.ts';

export interface RealKeys extends KeyKind {
  folder: string;
  /** The file of a person's private key; made at the first call. */
  file(who: string): string;
}

/** Keys that are removed when the test ends. */
export function realKeys(type = 'ed25519'): RealKeys {
  const folder = mkdtempSync(join(tmpdir(), 'coxswain-keys-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = (who: string): string => {
    const path = join(folder, who);
    if (!existsSync(`${path}.pub`))
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', `${who} at home`, '-f', path]);
    return path;
  };
  return {
    folder,
    file,
    publicKey: (who) => readFileSync(`${file(who)}.pub`, 'utf8').trim(),
    signText: (who, text) => signFor(SIGNATURE_NAMESPACE, file(who), text),
    verify: verifyText,
  };
}

/** Signs for any namespace, as a key's owner can. */
export function signFor(namespace: string, file: string, text: string): string {
  const args = ['-Y', 'sign', '-q', '-n', namespace, '-f', file];
  return execFileSync('ssh-keygen', args, { input: text, encoding: 'utf8' });
}
