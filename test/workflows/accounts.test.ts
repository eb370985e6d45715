/** Accounts of shared budgets on a real server: set aside before anything is spent, settled at the end. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { execa } from 'execa';
import { expect, inject, onTestFinished, test } from 'vitest';
import { showAccount } from '../../src/cli/policy/account.ts';
import { accountId } from '../../src/core/budget/account.ts';
import type { RefactorResult } from '../../src/core/refactor/state.ts';
import { accountStatusQuery, accountUpdates, updates } from '../../src/workflows/messages.ts';
import { realKeys } from '../signing/real-keys.ts';
import { recordHistories } from './record.ts';
import type { Crew, Script } from './harness.ts';
import { approve, approveAll, finish, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';

const adding: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  return turn === 0 ? shell('date > a/new.txt') : finish();
};
const TEAM = { account: 'team', per: 'month' as const };
const policy = { budget: { tokens: 100_000 } };

/** A crew whose organisation has this account, and a refactor that has set its budget aside there. */
async function startSharing(
  decisions = '',
  before: (crew: Crew, account: string) => Promise<void> = async () => {},
): Promise<{
  crew: Crew;
  setAmount(tokens: number): Promise<void>;
  repository: string;
  account: WorkflowHandle;
  first: WorkflowHandle;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-policies-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const setAmount = async (tokens: number): Promise<void> => {
    const account = `    - { account: team, per: month, tokens: ${tokens} }\n`;
    await writeFile(join(folder, 'organisation.yaml'), `version: 1\nlimits:\n  sharedBudgets:\n${account}${decisions}`);
  };
  await setAmount(150_000);
  const crew = await startCrew(adding, { env: { COXSWAIN_POLICIES: folder } });
  const repository = await makeRepository();
  await before(crew, accountId(crew.taskQueue, TEAM));
  const first = await crew.start({ repository, branch: 'first', policy });
  await until(first, ({ needs }) => needs.length > 0);
  return {
    crew,
    setAmount,
    repository,
    account: crew.client.workflow.getHandle(accountId(crew.taskQueue, TEAM)),
    first,
  };
}

/** What the command line says to that. */
async function cox({ taskQueue, stateDir }: Crew, ...args: string[]): Promise<string> {
  const env = {
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    COXSWAIN_TASK_QUEUE: taskQueue,
    COXSWAIN_STATE: stateDir,
  };
  const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
  const { stdout } = await execa(process.execPath, [program, ...args], { env });
  return stdout;
}

const tokensOf = ({ spend }: RefactorResult): number => spend.inputTokens + spend.outputTokens;

test('a refactor holds while the account has too little, goes on when another has ended, and settles what it took', async () => {
  const { crew, repository, account, first } = await startSharing();
  expect(await account.query(accountStatusQuery)).toMatchObject({
    reserved: { tokens: 100_000 },
    spent: { tokens: 0 },
  });

  const second = await crew.start({ repository, branch: 'second', policy });
  const { hold } = await until(second, (now) => now.hold !== null);
  expect(hold).toContain(`has 50000 tokens of 150000 tokens left for this month`);
  expect(hold).toContain(`set aside by ${first.workflowId} (100000 tokens)`);
  expect(hold).toContain('cox account raise');
  const asked = crew.model.requests.length;

  const took = tokensOf(await approveAll(first));
  expect(took).toBeGreaterThan(0);
  expect(await account.query(accountStatusQuery)).toMatchObject({ reserved: { tokens: 0 }, spent: { tokens: took } });
  expect((await until(second, () => true)).hold).not.toBeNull();
  await second.executeUpdate(updates.resume, { args: [{ by: 'ann' }] });
  const other = tokensOf(await approveAll(second));
  expect(crew.model.requests.length).toBeGreaterThan(asked);
  const view = await account.query(accountStatusQuery);
  expect(view).toMatchObject({ reserved: { tokens: 0 }, spent: { tokens: took + other }, holders: [] });
  await recordHistories({ 'v0.3-refactor-shared-budget': second.workflowId, 'v0.3-account': account.workflowId });
  expect(showAccount(view)).toContain(`spent      ${took + other} tokens, $0.00`);
});

test('what a terminated refactor had set aside counts as spent; a person can add to the period', async () => {
  const { crew, repository, account, first } = await startSharing();
  await first.terminate('gone');
  const second = await crew.start({ repository, branch: 'second', policy });
  await until(second, ({ hold }) => hold?.includes('50000 tokens of 150000') === true);
  // It was looked up, and is settled: nothing is held back by a run that is gone.
  expect(await account.query(accountStatusQuery)).toMatchObject({
    reserved: { tokens: 0 },
    spent: { tokens: 100_000 },
  });
  await expect(account.executeUpdate('raise', { args: [{ tokens: 'many' }] })).rejects.toMatchObject({
    cause: { type: 'BadInput', message: expect.stringContaining('tokens') },
  });
  const show = await cox(crew, 'account', 'show');
  expect(show).toMatch(/^team, the month since \d{4}-\d\d-01\n {2}spent +100000 tokens/);
  await expect(cox(crew, 'account', 'raise', 'team', '--tokens', '-5')).rejects.toThrow('a number above 0');
  await expect(cox(crew, 'account', 'raise', 'teem', '--tokens', '5')).rejects.toThrow('no account teem');
  const raised = await cox(crew, 'account', 'raise', 'team', '--tokens', '50000', '--by', 'ann', '--note', 'release');
  expect(raised).toContain('+ 50000 tokens, $0.00 by ann');
  await second.executeUpdate(updates.resume, { args: [{ by: 'ann' }] });
  await approve(second, 'plan@1');
  expect(await account.query(accountStatusQuery)).toMatchObject({
    reserved: { tokens: 100_000 },
    raises: [{ by: 'ann' }],
  });
  await second.executeUpdate(updates.stop, { args: [{ by: 'ann' }] });
  const { outcome } = (await second.result()) as RefactorResult;
  expect(outcome).toBe('stopped');
  const { reserved, spent } = await account.query(accountStatusQuery);
  expect(reserved.tokens).toBe(0);
  expect(spent.tokens).toBeLessThan(200_000);
});

test("an account has what the organisation's file says as a worker reads it: more there counts at once", async () => {
  const sharing = await startSharing();
  const { crew, repository, account } = sharing;
  const second = await crew.start({ repository, branch: 'second', policy });
  await until(second, ({ hold }) => hold?.includes('150000 tokens') === true);
  await sharing.setAmount(250_000);
  await second.executeUpdate(updates.resume, { args: [{}] });
  await until(second, ({ needs }) => needs.some(({ id }) => id === 'plan@1'));
  expect(await account.query(accountStatusQuery)).toMatchObject({
    reserved: { tokens: 200_000 },
    raised: { tokens: 0 },
  });
});

test('where decisions have to be signed, nobody adds to an account by a message', async () => {
  const ann = realKeys().publicKey('ann');
  const decisions = `  decisions: { signatures: required, approvers: [{ name: ann, publicKey: "${ann}" }] }\n`;
  const { account } = await startSharing(decisions);
  await expect(
    account.executeUpdate(accountUpdates.raise, { args: [{ tokens: 1e9, by: 'cfo' }] }),
  ).rejects.toMatchObject({
    cause: { message: expect.stringContaining('decisions.signatures') },
  });
  expect(await account.query(accountStatusQuery)).toMatchObject({ raised: { tokens: 0 } });
});

test('who starts an account before its first refactor chooses neither its period nor what is added to it', async () => {
  const ann = realKeys().publicKey('ann');
  const decisions = `  decisions: { signatures: required, approvers: [{ name: ann, publicKey: "${ann}" }] }\n`;
  const { crew, repository, account } = await startSharing(decisions, async ({ client, taskQueue }, workflowId) => {
    const begin = (per: string) =>
      client.workflow.start('account', { taskQueue, workflowId, args: [{ account: 'team', per }] });
    await expect((await begin('day')).result()).rejects.toMatchObject({
      cause: { type: 'BadInput', message: expect.stringContaining(`${taskQueue}-account-team-day`) },
    });
    await (await begin('month')).executeUpdate(accountUpdates.raise, { args: [{ tokens: 1e9, by: 'cfo' }] });
  });
  expect(await account.query(accountStatusQuery)).toMatchObject({ per: 'month', reserved: { tokens: 100_000 } });
  const second = await crew.start({ repository, branch: 'second', policy });
  await until(second, ({ hold }) => hold?.includes('50000 tokens of 150000') === true);
});
