/**
 * `reserveShared` and `settleShared`: reserve a refactor's budget in the accounts that it shares, and give back what it
 * did not use.
 * Rule: a reservation is made in all accounts or in none. A refactor that closed without settling is settled when the
 * account runs short, so its reservation does not last for ever.
 */
import { Context } from '@temporalio/activity';
import { WithStartWorkflowOperation } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { AccountInput, Holder, Reservation, ReserveInput, SettleInput } from '../../core/budget/account.ts';
import { accountId } from '../../core/budget/account.ts';
import { UNLIMITED_BUDGET } from '../../core/budget/amounts.ts';
import type { Amount, SharedBudget } from '../../core/budget/amounts.ts';
import { rulesOf } from '../../core/policy/decision-fields.ts';
import type { ReserveOutcome, ReserveShared, SettleShared } from '../../core/refactor/exchange.ts';
import { isAmong } from '../../core/refactor/budget.ts';
import { describeUnsealed, openSeal, sealed } from '../../core/sealed.ts';
import { ownWorkflowId } from '../attempt/chain.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { storeOf } from '../attempt/context.ts';
import type { ControlActivities } from '../attempt/contract.ts';
import { fail } from '../attempt/failures.ts';
import { readOwnPolicy } from '../attempt/own-policy.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';

/** Counts the messages that this process has sent, so that each message has a later stamp than the one before. */
let sent = 0;
/** Most refactors that are looked up at one time. Few are closed and unsettled, because each settles at its end. */
const MAX_LOOKED_UP = 50;

/** An account with its limit as this worker reads it, and whether decisions have to be signed. */
type Account = SharedBudget & Pick<ReserveInput, 'signatures'>;

/** Reserves the amount in every account. If one is short, undoes the others and returns the reason. */
export function createReserveShared(context: ActivityContext): ControlActivities['reserveShared'] {
  return (input) =>
    withHeartbeats(async (): Promise<ReserveOutcome> => {
      const done: Account[] = [];
      for (const budget of await readAccounts(context, input)) {
        const reservation = await reserveIn(budget, input);
        if (reservation.kind === 'reserved') done.push(budget);
        else {
          for (const earlier of done) await giveBack(earlier, input.before);
          return { kind: 'short', reason: reservation.reason };
        }
      }
      return { kind: 'reserved' };
    });
}

/** The accounts with the limits that the organisation's and the team's files have now. */
async function readAccounts(context: ActivityContext, input: ReserveShared): Promise<Account[]> {
  const { place, warrant, accounts } = input;
  if (!place || !warrant) return accounts;
  const store = await storeOf(context, place.repository);
  const { policy } = await readOwnPolicy(context, store, { ...place, team: warrant.team, run: warrant.run });
  const { signatures } = rulesOf(policy);
  const known = policy.sharedBudgets?.value ?? [];
  return accounts.map(({ account, per }) => {
    const budget = known.find((one) => one.account === account && one.per === per);
    if (budget) return { ...budget, signatures };
    const how = 'have the layers read again (`cox policy adopt`), then resume';
    const what = `no file that this worker reads names the account ${account} (${per}), which the run shares`;
    throw fail('PolicyStricter', `${what}: ${how}`);
  });
}

/** Tells every account what the refactor used in all. */
export async function settleShared({ accounts, tokens, usd }: SettleShared): Promise<void> {
  await withHeartbeats(async () => {
    for (const account of accounts) await settleIn(account, { holder: ownWorkflowId(), tokens, usd });
  });
}

async function reserveIn(budget: Account, wanted: Amount): Promise<Reservation> {
  const { signatures } = budget;
  const said = signatures === undefined ? {} : { signatures };
  const message = { holder: ownWorkflowId(), ...plain(wanted), limit: limitOf(budget), ...said };
  const first = await send<Reservation, ReserveInput>(budget, 'reserve', message);
  if (first.kind === 'reserved' || !(await settleClosed(budget, first.others))) return first;
  return await send<Reservation, ReserveInput>(budget, 'reserve', message);
}

/** Restores the earlier reservation in this account; without one, settles at zero. */
async function giveBack(budget: Account, before: ReserveShared['before']): Promise<void> {
  if (before && isAmong(before.accounts, budget.account, budget.per)) await reserveIn(budget, before);
  else await settleIn(budget, { holder: ownWorkflowId(), tokens: 0, usd: 0 });
}

/**
 * Settles refactors that closed without settling, at the whole amount that they reserved. Their results are not read:
 * a stranger may have started a workflow with the same id.
 */
async function settleClosed(budget: SharedBudget, others: readonly Holder[]): Promise<boolean> {
  let isSettled = false;
  for (const { id, ...amount } of others.slice(0, MAX_LOOKED_UP)) {
    if (!(await isClosed(id))) continue;
    await settleIn(budget, { holder: id, ...amount });
    isSettled = true;
  }
  return isSettled;
}

/** Whether a refactor is closed, or no longer known to Temporal. */
async function isClosed(id: string): Promise<boolean> {
  try {
    const { status } = await Context.current().client.workflow.getHandle(id).describe();
    return status.name !== 'RUNNING' && status.name !== 'PAUSED';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}

async function settleIn(account: AccountInput, input: SettleInput): Promise<void> {
  await send<unknown, SettleInput>(account, 'settle', { ...input, ...plain(input) });
}

/** Sends an update to an account's workflow, and starts the workflow if it does not run yet. */
async function send<Result, Input>({ account, per }: AccountInput, update: string, input: Input): Promise<Result> {
  const { client, info } = Context.current();
  const { taskQueue } = info;
  const startWorkflowOperation = new WithStartWorkflowOperation<Workflow>('account', {
    workflowId: accountId(taskQueue, { account, per }),
    taskQueue,
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [{ account, per }],
  });
  sent += 1;
  const stamp = [info.currentAttemptScheduledTimestampMs, info.attempt, sent].map(String);
  const options = { args: [sealed(['account', update, ...stamp], input)], startWorkflowOperation };
  const result = await client.workflow.executeUpdateWithStart<Workflow, unknown, unknown[]>(update, options);
  const opened = openSeal(result);
  const problem = describeUnsealed(opened, 'answer');
  if (problem === undefined && opened.kind === 'sealed' && opened.words.slice(2).join() === stamp.join())
    return opened.value as Result;
  throw fail(
    'NotSealed',
    `the answer of ${accountId(taskQueue, { account, per })} does not count: ${problem ?? 'it is the answer to another message'}`,
  );
}

function limitOf({ tokens, usd }: SharedBudget): ReserveInput['limit'] {
  return { ...(tokens === undefined ? {} : { tokens }), ...(usd === undefined ? {} : { usd }) };
}

/** Replaces "no budget" by 0. If an account limits that amount, a policy without such a budget was refused before. */
function plain({ tokens, usd }: Amount): Amount {
  return {
    tokens: tokens >= UNLIMITED_BUDGET.tokens ? 0 : tokens,
    usd: usd >= UNLIMITED_BUDGET.usd ? 0 : usd,
  };
}
