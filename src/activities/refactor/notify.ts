/**
 * `notify`: sends a notice to one receiver of this worker's configuration.
 * Rule: what a receiver does is a value, so that no run fails or waits because of it. A repetition has the same id.
 */
import { quietForMs } from '../../notify/quiet-hours.ts';
import { sendNotice } from '../../notify/send-notice.ts';
import type { ActivityContext } from '../attempt/context.ts';
import type { ControlActivities } from '../attempt/contract.ts';

export function createNotify({ receivers }: Pick<ActivityContext, 'receivers'>): ControlActivities['notify'] {
  return async ({ notice, to, quiet }) => {
    const now = new Date();
    const forMs = quietForMs(quiet, now);
    if (forMs > 0) return { kind: 'quiet', forMs };
    const receiver = Object.hasOwn(receivers, to) ? receivers[to] : undefined;
    if (!receiver) return { kind: 'failed', reason: 'this worker knows no receiver of that name (COXSWAIN_RECEIVERS)' };
    return await sendNotice(receiver, notice, now);
  };
}
