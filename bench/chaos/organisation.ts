/**
 * The organisation of a chaos run's workers: policy, account and the key for seals.
 * Rule: decisions have to be signed, so that signatures are disturbed too.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccountInput } from '../../src/core/budget/account.ts';
import { ensureKeyFile } from '../../src/seal/key-file.ts';
import { KEY } from './ground.ts';

/** The account of all refactors of a fleet. */
export const ACCOUNT: AccountInput = { account: 'chaos', per: 'month' };

/** Makes the key that all workers of the fleet share. */
export async function makeKey(folder: string): Promise<string> {
  const file = join(folder, 'seal.json');
  await ensureKeyFile(file);
  return file;
}

/**
 * Writes the organisation's policy: an account for all refactors, with far more than they need, and required
 * signatures.
 */
export async function writePolicies(folder: string): Promise<string> {
  const policies = join(folder, 'policies');
  await mkdir(policies, { recursive: true });
  const key = (await readFile(join(folder, `${KEY}.pub`), 'utf8')).trim();
  const limits = {
    budget: { tokens: 1e9 },
    sharedBudgets: [{ ...ACCOUNT, tokens: 1e15 }],
    decisions: { signatures: 'required', approvers: [{ name: KEY, publicKey: key }] },
  };
  await writeFile(join(policies, 'organisation.yaml'), JSON.stringify({ version: 1, limits }));
  return policies;
}
