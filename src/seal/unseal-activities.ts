/**
 * The interceptor of all activities: refuses an input that no workflow of ours sealed for just this activity and run,
 * and seals the activity's result and heartbeat details.
 * Rule: activities themselves see plain values. Activities that were scheduled before sealing began run unsealed.
 */
import type { Context, Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { FailureType } from '../core/failures.ts';
import { isOnlyLive } from '../core/live.ts';
import { describeUnsealed, NO_NONCE, openSeal, runMark, sealed } from '../core/sealed.ts';
import type { KeyRing } from './key-ring.ts';

const nonces = new WeakMap<Context, string>();

/** The nonce by which the workflow recognises the result of an activity that it waits for. */
export function nonceOf(context: Context): string {
  return nonces.get(context) ?? NO_NONCE;
}

/** The interceptor for a worker with these keys. */
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
    (args.length === 1 ? undefined : `it has ${args.length} inputs instead of one`);
  if (opened.kind !== 'sealed' || problem !== undefined) throw refuse('NotSealed', info, problem);
  const [, type, nonce = '', run] = opened.words;
  if (type !== info.activityType) throw refuse('NotSealed', info, `its input was sealed for ${type}`);
  if (run !== runMark(info.workflowExecution?.runId ?? ''))
    throw refuse('SealedElsewhere', info, 'its input was sealed in another run');
  return { value: opened.value, nonce };
}

function refuse(type: FailureType, { activityType }: Info, problem: string | undefined): ApplicationFailure {
  const way =
    'Workers accept only input that a worker sealed: if the workflow is one of yours, check that all workers have ' +
    'the same key (cox doctor), then resume it';
  return ApplicationFailure.create({
    type,
    message: `${activityType} is refused: ${problem}. ${way}`,
    nonRetryable: true,
  });
}

/** Seals heartbeat details, and accepts only sealed ones from an earlier attempt: any client can write them. */
function sealMemory(context: Context): void {
  const { info } = context;
  const words = ['memory', info.activityType, runMark(info.workflowExecution?.runId ?? '')] as const;
  const left = openSeal(info.heartbeatDetails);
  const isOwn = left.kind === 'sealed' && left.words.join() === words.join();
  (info as { heartbeatDetails: unknown }).heartbeatDetails = isOwn ? left.value : undefined;
  const beat = context.heartbeat.bind(context);
  Object.assign(context, {
    // What only people read is sent plainly: the temporal program shows sealed details as base64.
    heartbeat: (note: unknown) => beat(note === undefined || isOnlyLive(note) ? note : sealed(words, note)),
  });
}
