/**
 * What the workers of a chaos run share as one organisation: its policy, its account, and the key of its seal.
 * Rule: decisions count only when they are signed, so that signatures are disturbed as everything else is.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccountInput } from '../../src/core/budget/account.ts';
import { ensureKeyFile } from '../../src/seal/key-file.ts';
import { KEY } from './ground.ts';

/** What all refactors of a fleet take their budgets from. */
export const ACCOUNT: AccountInput = { account: 'chaos', per: 'month' };

/** The key that all workers of the fleet share. */
export async function makeKey(folder: string): Promise<string> {
  const file = join(folder, 'seal.json');
  await ensureKeyFile(file);
  return file;
}

/**
 * The organisation's policy: an account that all refactors share, with far more than they need, and decisions that
 * count only when they are signed.
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
