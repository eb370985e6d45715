/**
 * What stands before every activity: an input that no workflow of ours sealed for exactly this activity of this run is
 * refused, and what the activity answers and remembers is sealed in turn.
 * Rule: activities themselves see plain values; what was scheduled before sealing began here is done as it came.
 */
import type { Context, Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { FailureType } from '../core/failures.ts';
import { describeUnsealed, NO_NONCE, openSeal, runMark, sealed } from '../core/sealed.ts';
import type { KeyRing } from './key-ring.ts';

const nonces = new WeakMap<Context, string>();

/** By what the workflow knows an activity that it waits for. */
export function nonceOf(context: Context): string {
  return nonces.get(context) ?? NO_NONCE;
}

/** The interceptor of all activities of a worker that has these keys. */
export function unsealActivities({ since }: Pick<KeyRing, 'since'>): ActivityInterceptorsFactory {
  return (context) => ({
    inbound: {
      execute: async (input, next) => {
        const { info } = context;
        const [first] = input.args;
        const isOld = openSeal(first).kind === 'plain' && info.scheduledTimestampMs < since;
        if (isOld) return await next(input);
        const { value, nonce } = openInput(input.args, info);
        nonces.set(context, nonce);
        sealMemory(context);
        const result = await next({ ...input, args: [value] });
        return nonce === NO_NONCE ? result : sealed(['result', info.activityType, nonce], result);
      },
    },
  });
}

function openInput(args: readonly unknown[], info: Info): { value: unknown; nonce: string } {
  const opened = openSeal(args[0]);
  const problem =
    describeUnsealed(opened, 'activity') ??
    (args.length === 1 ? undefined : `it has ${args.length} inputs, and should have one`);
  if (opened.kind !== 'sealed' || problem !== undefined) throw refuse('NotSealed', info, problem);
  const [, type, nonce = '', run] = opened.words;
  if (type !== info.activityType) throw refuse('NotSealed', info, `its input was sealed for ${type}`);
  if (run !== runMark(info.workflowExecution?.runId ?? ''))
    throw refuse('SealedElsewhere', info, 'its input was sealed in another run');
  return { value: opened.value, nonce };
}

function refuse(type: FailureType, { activityType }: Info, problem: string | undefined): ApplicationFailure {
  const way =
    'Workers act only on what workers said: if the workflow is one of yours, see that all workers have the same key ' +
    '(cox doctor), then resume it';
  return ApplicationFailure.create({
    type,
    message: `${activityType} is refused: ${problem}. ${way}`,
    nonRetryable: true,
  });
}

/** What an attempt leaves to the next one travels sealed too: anybody may write an activity's heartbeat. */
function sealMemory(context: Context): void {
  const { info } = context;
  const words = ['memory', info.activityType, runMark(info.workflowExecution?.runId ?? '')] as const;
  const left = openSeal(info.heartbeatDetails);
  const isOwn = left.kind === 'sealed' && left.words.join() === words.join();
  (info as { heartbeatDetails: unknown }).heartbeatDetails = isOwn ? left.value : undefined;
  const beat = context.heartbeat.bind(context);
  Object.assign(context, {
    heartbeat: (note: unknown) => beat(note === undefined ? note : sealed(words, note)),
  });
}
