/**
 * How a workflow and its activities trust each other: an input is sealed for one call of this run, and the result must
 * be sealed for the same call.
 * Rule: a result that none of our workers made never counts. It is a failure of that activity, after which the run
 * holds.
 */
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import type { ActivityInterfaceFor } from '@temporalio/workflow';
import { uuid4, workflowInfo } from '@temporalio/workflow';
import type { FailureType } from '../core/failures.ts';
import { describeUnsealed, NO_NONCE, openSeal, runMark, sealed } from '../core/sealed.ts';

/** Hex digits that tell apart the calls of one activity in one run, and a run from its reset. */
const NONCE_DIGITS = 8;

/**
 * Running activities by nonce, with the last attempt whose failure was reported. Each run has its own copy of this
 * module.
 */
const underWay = new Map<string, number>();

type Run = (input: unknown) => Promise<unknown>;
interface Call {
  (input: unknown): Promise<unknown>;
  executeWithOptions: (options: object, args: unknown[]) => Promise<unknown>;
}

/** The same activities with sealed inputs. If `required`, their results must be sealed too. */
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
 * For runs from before seals: their activities return results without a seal. It adds no await, since an additional one
 * could change the order of what an old run has recorded.
 */
function sendSealed(type: string, input: unknown, run: Run): Promise<unknown> {
  return run(sealInput(type, NO_NONCE, input));
}

async function exchangeSealed(type: string, input: unknown, run: Run): Promise<unknown> {
  try {
    return await sendAndOpen(type, input, run);
  } catch (error) {
    // A reset takes over activities that were scheduled before it, with the seal of the earlier run.
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

/** Whether news is about a running activity, and about a later attempt than the last news. */
export function isFreshNews(nonce: string, attempt: number): boolean {
  const last = underWay.get(nonce);
  if (last === undefined || !(attempt > last)) return false;
  underWay.set(nonce, attempt);
  return true;
}

/** An activity without input gets a sealed null, so that nobody else can schedule it. */
function sealInput(type: string, nonce: string, input: unknown): unknown {
  return sealed(['activity', type, nonce, runMark(workflowInfo().runId)], input ?? null);
}

function notSealed(type: string, problem: string): ActivityFailure {
  const message = `the result of ${type} does not count: ${problem}. Resume to run it again`;
  const failure: FailureType = 'NotSealed';
  const cause = ApplicationFailure.create({ type: failure, message, nonRetryable: true });
  return new ActivityFailure(message, type, undefined, 'NON_RETRYABLE_FAILURE', undefined, cause);
}

function isFailureOf(error: unknown, type: FailureType): boolean {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === type;
}
