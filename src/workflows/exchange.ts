/**
 * How a workflow and its activities know each other: an input is sealed for one activity of this run, and the result
 * has to be sealed for the same.
 * Rule: a result that no worker of ours made is a failure of that activity, which holds; it never counts.
 */
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import type { ActivityInterfaceFor } from '@temporalio/workflow';
import { uuid4, workflowInfo } from '@temporalio/workflow';
import type { FailureType } from '../core/failures.ts';
import { describeUnsealed, NO_NONCE, openSeal, runMark, sealed } from '../core/sealed.ts';

/** Eight hex digits tell the calls of one activity's name in one run from each other, and a run from its reset. */
const NONCE_DIGITS = 8;

/** Activities under way by their nonces, with the last attempt that was heard of; each run has this module of its own. */
const underWay = new Map<string, number>();

type Run = (input: unknown) => Promise<unknown>;
interface Call {
  (input: unknown): Promise<unknown>;
  executeWithOptions: (options: object, args: unknown[]) => Promise<unknown>;
}

/** The same activities, with their inputs sealed; where it is required, their results too. */
export function exchangeWith<A>(activities: ActivityInterfaceFor<A>, required: boolean): ActivityInterfaceFor<A> {
  const exchange = required ? exchangeSealed : sendSealed;
  return new Proxy({} as ActivityInterfaceFor<A>, {
    get: (_, type) => {
      const call = (activities as Record<string | symbol, unknown>)[type] as Call;
      const executeWithOptions: Call['executeWithOptions'] = (options, [input]) =>
        exchange(String(type), input, (sent) => call.executeWithOptions(options, [sent]));
      return Object.assign((input: unknown) => exchange(String(type), input, call), { executeWithOptions });
    },
  });
}

/**
 * Runs from before there were seals: their activities know them, and answer as before. Nothing waits here, since each
 * wait more could change the order of what such a run has done.
 */
function sendSealed(type: string, input: unknown, run: Run): Promise<unknown> {
  return run(sealInput(type, NO_NONCE, input));
}

async function exchangeSealed(type: string, input: unknown, run: Run): Promise<unknown> {
  try {
    return await sendAndOpen(type, input, run);
  } catch (error) {
    // A reset takes over what was scheduled before it, with the seal of the run before.
    if (!isFailureOf(error, 'SealedElsewhere')) throw error;
    return await sendAndOpen(type, input, run);
  }
}

async function sendAndOpen(type: string, input: unknown, run: Run): Promise<unknown> {
  const nonce = uuid4().slice(0, NONCE_DIGITS);
  underWay.set(nonce, 0);
  const opened = openSeal(await run(sealInput(type, nonce, input)).finally(() => underWay.delete(nonce)));
  const problem = describeUnsealed(opened, 'result');
  if (problem !== undefined) throw notSealed(type, problem);
  if (opened.kind === 'sealed' && opened.words.slice(1).join() === [type, nonce].join()) return opened.value;
  throw notSealed(type, 'it is the result of another call');
}

/** Whether news is of an activity that is under way, and of a later attempt than what was heard of it before. */
export function isFreshNews(nonce: string, attempt: number): boolean {
  const last = underWay.get(nonce);
  if (last === undefined || !(attempt > last)) return false;
  underWay.set(nonce, attempt);
  return true;
}

/** What has no input has a sealed nothing, or anybody could ask for it. */
function sealInput(type: string, nonce: string, input: unknown): unknown {
  return sealed(['activity', type, nonce, runMark(workflowInfo().runId)], input ?? null);
}

function notSealed(type: string, problem: string): ActivityFailure {
  const message = `what ${type} answered does not count: ${problem}. Resume to have it done again`;
  const failure: FailureType = 'NotSealed';
  const cause = ApplicationFailure.create({ type: failure, message, nonRetryable: true });
  return new ActivityFailure(message, type, undefined, 'NON_RETRYABLE_FAILURE', undefined, cause);
}

function isFailureOf(error: unknown, type: FailureType): boolean {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === type;
}
