/**
 * Accounts of shared budgets for simulated worlds.
 * Rule: it uses the product's own account in the way the activities use it.
 */
import type { AccountInput, AccountState, AccountVerb, AccountView } from '../../src/core/budget/account.ts';
import { accountId, openAccount, receiveForAccount, viewAccount } from '../../src/core/budget/account.ts';
import type { ReserveOutcome } from '../../src/core/refactor/exchange.ts';
import type { RefactorCommand } from '../../src/core/refactor/state.ts';

export class Bank {
  readonly accounts = new Map<string, AccountState>();

  /** Acts as `reserveShared` does for a policy with one account. */
  reserve(holder: string, { input }: Extract<RefactorCommand, { kind: 'reserve' }>, at: number): ReserveOutcome {
    const [first, ...more] = input.accounts;
    if (!first || more.length > 0) throw new Error('these worlds know policies of one account');
    const { account, per, ...limit } = first;
    const { tokens, usd } = input;
    return this.send({ account, per }, 'reserve', { holder, tokens, usd, limit }, at) as ReserveOutcome;
  }

  /** Acts as `settleShared` does. */
  settle(holder: string, { input }: Extract<RefactorCommand, { kind: 'settle' }>, at: number): void {
    const { accounts, tokens, usd } = input;
    for (const { account, per } of accounts) this.send({ account, per }, 'settle', { holder, tokens, usd }, at);
  }

  send(of: AccountInput, verb: AccountVerb, message: object, at: number): unknown {
    const opened = openAccount(of, at, { taskQueue: 'queue', workflowId: accountId('queue', of) });
    if (opened.kind === 'bad') throw new Error(opened.problem);
    const before = this.accounts.get(of.account) ?? opened.state;
    const { state, answer } = receiveForAccount(before, verb, message, at);
    this.accounts.set(of.account, JSON.parse(JSON.stringify(state)) as AccountState);
    return answer;
  }

  view(account: string): AccountView | undefined {
    const state = this.accounts.get(account);
    return state && viewAccount(state);
  }
}
