/**
 * `findTargets`: the open refactors that fit a condition of Temporal's list.
 * Rule: it only reads. One more than the most that a bulk takes is enough to say that there are too many.
 */
import { Context } from '@temporalio/activity';
import { MAX_TARGETS } from '../../core/decisions/bulk.ts';
import { fleetQuery } from '../../client/fleet.ts';
import { fail } from '../attempt/failures.ts';
import type { ControlActivities } from '../attempt/contract.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';

/** gRPC's status of a request that can never be answered. */
const INVALID = 3;

export const findTargets: ControlActivities['findTargets'] = async ({ query }) =>
  await withHeartbeats(async () => {
    const found: string[] = [];
    try {
      const whole = fleetQuery({ query }, 'open');
      for await (const { workflowId } of Context.current().client.workflow.list({ query: whole })) {
        found.push(workflowId);
        if (found.length > MAX_TARGETS) break;
      }
    } catch (error) {
      const { code, details } = (error instanceof Error ? error.cause : {}) as { code?: number; details?: string };
      if (code === INVALID) throw fail('BadInput', `Temporal does not take the query ${query}: ${details}`);
      throw error;
    }
    return found;
  });
