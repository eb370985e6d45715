/**
 * The workflow type `account`: counts what the refactors that share a budget reserve and spend, as long as any of them
 * does.
 * Rule: core decides, this file answers. A message that does not fit is refused before it gets into the history.
 */
import type { UpdateDefinition } from '@temporalio/common';
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { AccountState, AccountVerb } from '../core/budget/account.ts';
import {
  describeAccount,
  findMessageProblem,
  findRaiseProblem,
  openAccount,
  receiveForAccount,
  viewAccount,
} from '../core/budget/account.ts';
import type { Stamp } from '../core/budget/account-stamps.ts';
import { findStampProblem, rememberStamp } from '../core/budget/account-stamps.ts';
import { ACCOUNT_NOTES, WAKE_NOTE } from '../core/decisions/message-notes.ts';
import type { FailureType } from '../core/failures.ts';
import type { SealedKind } from '../core/sealed.ts';
import { describeUnsealed, openSeal, sealed } from '../core/sealed.ts';
import { continueRun } from './continue-run.ts';
import { accountStatusQuery, accountUpdates, wakeSignal } from './messages.ts';
import { beginsSealed, openState } from './seals.ts';
import { isContinueDue } from './continue-run.ts';

/** The patch since which an account's input is compared with its workflow id. */
const IS_NAMED = 'account-is-named';

export async function account(...inputs: unknown[]): Promise<void> {
  requireOne('account', inputs);
  let state = open(inputs[0]);
  const seals = beginsSealed();
  const show = (): void => setCurrentDetails(describeAccount(viewAccount(state)));
  for (const verb of Object.keys(accountUpdates) as AccountVerb[]) {
    const receive = (...[message]: unknown[]): unknown => {
      const { value, stamp, answers } = openMessage(verb, message);
      const received = receiveForAccount(state, verb, value, Date.now());
      state = seals && stamp ? rememberStamp(received.state, holderOf(value), stamp) : received.state;
      show();
      return answers ? sealed(answers, received.answer) : received.answer;
    };
    const validator = (...messages: unknown[]): void => {
      requireOne(verb, messages);
      const [message] = messages;
      const { value, stamp, problem: unsealed } = openMessage(verb, message);
      if (seals && unsealed !== undefined) refuse('NotSealed', unsealed);
      const problem = findMessageProblem(verb, value);
      if (problem !== undefined) refuse('BadInput', problem);
      const unsigned = findRaiseProblem(state, verb);
      if (unsigned !== undefined) refuse('NoWarrant', unsigned);
      const old = seals && stamp ? findStampProblem(state, holderOf(value), stamp) : undefined;
      if (old !== undefined) refuse('NotSealed', old);
    };
    const update = accountUpdates[verb] as UpdateDefinition<unknown, unknown[]>;
    setHandler(update, receive, { validator, description: ACCOUNT_NOTES[verb] });
  }
  setHandler(wakeSignal, () => undefined, { description: WAKE_NOTE });
  setHandler(accountStatusQuery, () => viewAccount(state));
  show();
  await condition(() => isContinueDue() && allHandlersFinished());
  await continueRun<typeof account>({ state });
}

/**
 * Reads a message and its stamp. `reserve` and `settle` must be sealed, since only refactors' activities send them;
 * people send `raise`. If `answers` is set, the answer is sealed with these words.
 */
function openMessage(
  verb: AccountVerb,
  message: unknown,
): { value: unknown; stamp?: Stamp; answers?: readonly [SealedKind, ...string[]]; problem?: string } {
  const opened = openSeal(message);
  const { value } = opened;
  if (verb === 'raise') return { value };
  const problem = describeUnsealed(opened, 'account');
  if (problem !== undefined || opened.kind !== 'sealed') return { value, problem: `${verb}: ${problem}` };
  const [, sent = '', ...rest] = opened.words;
  if (sent !== verb) return { value, problem: `${verb}: it was sealed as ${sent}` };
  const [at = NaN, attempt = NaN, count = NaN] = rest.map(Number);
  return { value, stamp: [at, attempt, count], answers: ['answer', sent, ...rest] };
}

/** Refuses further inputs, which would otherwise be ignored. */
function requireOne(what: string, inputs: readonly unknown[]): void {
  if (inputs.length > 1) refuse('BadInput', `${what} takes one input, not ${inputs.length}`);
}

function holderOf(value: unknown): string {
  return String((value as { holder?: unknown } | null)?.holder);
}

function refuse(type: FailureType, problem: string): never {
  throw ApplicationFailure.nonRetryable(problem, type);
}

/** The initial state: from the start's input, or from the previous run. */
function open(input: unknown): AccountState {
  const continued = openState<AccountState>(input);
  if (continued) return continued;
  const { taskQueue, workflowId } = workflowInfo();
  const opened = openAccount(input, Date.now(), patched(IS_NAMED) ? { taskQueue, workflowId } : null);
  if (opened.kind === 'ok') return opened.state;
  throw ApplicationFailure.nonRetryable(opened.problem, 'BadInput');
}
