/**
 * `cox account`: shows what refactors that share a budget have set aside and spent, and raises it for this period.
 * Rule: it shows what the accounts themselves answer; an amount that is not a number is refused before it is sent.
 */
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import { explainFailures } from '../../client/client-failure.ts';
import type { AccountView } from '../../core/budget/account.ts';
import { accountId, showAmounts } from '../../core/budget/account.ts';
import { PERIODS } from '../../core/budget/amounts.ts';
import type { Period } from '../../core/budget/amounts.ts';
import { ACCOUNT_NOTES } from '../../core/decisions/message-notes.ts';
import { escapeForPeople as safe } from '../../core/text/escape.ts';
import { accountStatusQuery, accountUpdates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addExample } from '../command/help.ts';
import { StackError, withStack } from '../stack/open-stack.ts';

interface RaiseOptions {
  per?: Period;
  tokens?: number;
  usd?: number;
  note?: string;
  by?: string;
}

export function addAccount(program: Command, action: Action): void {
  const account = program.command('account').description('budgets that refactors share (sharedBudgets in policy)');
  const about = ['--workflow-id', accountId('coxswain', { account: 'payments', per: 'month' })];
  const shown = account
    .command('show')
    .description('what is spent and set aside in the present period, and by whom')
    .argument('[name]', 'one account; all of them where it is left out')
    .action(
      action(async (name?: string) => await withStack(async ({ client }) => await show(client, readConfig(), name))),
    );
  addExample(shown, ['payments'], [['temporal', 'workflow', 'query', ...about, '--type', accountStatusQuery.name]]);
  const raised = account
    .command('raise')
    .description(ACCOUNT_NOTES.raise)
    .argument('<name>', 'the account; refactors that wait for it go on when they are resumed')
    .option('--per <period>', `period of the account, if the name has several: ${PERIODS.join(', ')}`)
    .option('--tokens <number>', 'tokens to add', readAmount)
    .option('--usd <number>', 'dollars to add', readAmount)
    .option('--note <text>', 'why')
    .option('--by <name>', 'name of the sender (a claim)')
    .action(
      action(
        async (name: string, options: RaiseOptions) =>
          await withStack(async ({ client }) => await raise(client, readConfig(), name, options)),
      ),
    );
  const input = JSON.stringify({ usd: 50, note: 'end of the quarter' });
  const update = ['--name', accountUpdates.raise.name, '--input', input];
  addExample(
    raised,
    ['payments', '--usd', '50', '--note', 'end of the quarter'],
    [['temporal', 'workflow', 'update', 'execute', ...about, ...update]],
  );
}

function readAmount(text: string): number {
  const amount = Number(text);
  if (text.trim() === '' || !Number.isFinite(amount) || amount <= 0)
    throw new InvalidArgumentError('It takes a number above 0.');
  return amount;
}

async function show(client: Client, { taskQueue }: Config, name: string | undefined): Promise<number> {
  const views = await readAccounts(client, taskQueue, name);
  for (const view of views) console.log(showAccount(view));
  if (views.length > 0) return 0;
  console.error(
    `no ${name === undefined ? 'account' : `account ${safe(name)}`}: an account begins when a refactor first uses it`,
  );
  return name === undefined ? 0 : 1;
}

async function raise(
  client: Client,
  { taskQueue, user }: Config,
  name: string,
  { per, tokens, usd, note, by = user }: RaiseOptions,
): Promise<number> {
  const known = (await readAccounts(client, taskQueue, name)).filter((view) => per === undefined || view.per === per);
  const [only] = known;
  if (!only) throw new StackError(`no account ${safe(name)}${per ? ` per ${safe(per)}` : ''}: see cox account show`);
  if (known.length > 1)
    throw new StackError(`${safe(name)} has ${known.map((one) => one.per).join(' and ')}: add --per`);
  const id = accountId(taskQueue, only);
  const message = { ...plain({ tokens, usd, note, by }) };
  const view = await explainFailures(id, () =>
    client.workflow.getHandle(id).executeUpdate(accountUpdates.raise, { args: [message] }),
  );
  console.log(showAccount(view));
  return 0;
}

function plain(fields: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

async function readAccounts(client: Client, taskQueue: string, name: string | undefined): Promise<AccountView[]> {
  const views: AccountView[] = [];
  for await (const { workflowId } of client.workflow.list({
    query: `WorkflowType = 'account' AND ExecutionStatus = 'Running' AND TaskQueue = '${taskQueue}'`,
  })) {
    const handle = client.workflow.getHandle(workflowId);
    views.push(await explainFailures(workflowId, () => handle.query(accountStatusQuery)));
  }
  return views
    .filter((view) => name === undefined || view.account === name)
    .toSorted((a, b) => (`${a.account} ${a.per}` < `${b.account} ${b.per}` ? -1 : 1));
}

/** An account as lines. */
export function showAccount({ account, per, since, spent, reserved, raised, holders, raises }: AccountView): string {
  return [
    `${safe(account)}, the ${per} since ${since}`,
    `  spent      ${showAmounts(spent)}`,
    `  set aside  ${showAmounts(reserved)}`,
    `  added      ${showAmounts(raised)}`,
    ...holders.map(({ id, ...amount }) => `  - ${safe(id)}: ${showAmounts(amount)}`),
    ...raises.map(
      ({ by, note, at, ...amount }) =>
        `  + ${showAmounts(amount)} by ${safe(by)} on ${new Date(at).toISOString().slice(0, 10)}${note ? `: ${safe(note)}` : ''}`,
    ),
  ].join('\n');
}
