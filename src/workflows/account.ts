/**
 * The workflow type `account`: counts what the refactors that share a budget set aside and spend, for as long as anyone
 * does.
 * Rule: core decides, this answers; a message that does not fit is refused before it is in the history.
 */
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { AccountInput, AccountState, AccountVerb } from '../core/account.ts';
import { describeAccount, findMessageProblem, openAccount, receiveForAccount, viewAccount } from '../core/account.ts';
import { continueRun } from './continue-run.ts';
import { isContinueDue } from './show.ts';

const DESCRIPTIONS: Record<AccountVerb, string> = {
  reserve: 'A refactor sets aside an absolute amount: {holder, tokens, usd, limit}',
  settle: 'A refactor ended: {holder, tokens, usd}',
  raise: 'Add to the present period: {tokens?, usd?, by?, note?}',
};

export async function account(input: AccountInput | { state: AccountState }): Promise<void> {
  let state = open(input);
  const show = (): void => setCurrentDetails(describeAccount(viewAccount(state)));
  for (const verb of Object.keys(DESCRIPTIONS) as AccountVerb[]) {
    const receive = (message: unknown): unknown => {
      const received = receiveForAccount(state, verb, message, Date.now());
      state = received.state;
      show();
      return received.answer;
    };
    const validator = (message: unknown): void => {
      const problem = findMessageProblem(verb, message);
      if (problem !== undefined) throw ApplicationFailure.nonRetryable(problem, 'BadInput');
    };
    setHandler(defineUpdate<unknown, [unknown]>(verb), receive, { validator, description: DESCRIPTIONS[verb] });
  }
  setHandler(defineSignal('wake'), () => undefined, {
    description: 'Look around: move to a new version of the workers',
  });
  setHandler(defineQuery('status'), () => viewAccount(state));
  show();
  await condition(() => isContinueDue() && allHandlersFinished());
  await continueRun<typeof account>({ state });
}

/** The state to begin with: from whoever started it, or from the run before. */
function open(input: AccountInput | { state: AccountState }): AccountState {
  if (typeof input === 'object' && 'state' in input) return input.state;
  const opened = openAccount(input, Date.now());
  if (opened.kind === 'ok') return opened.state;
  throw ApplicationFailure.nonRetryable(opened.problem, 'BadInput');
}
