/**
 * Reads the layers of policy again for a message that asks for it.
 * Rule: a person waits for the answer, so it ends within minutes; a layer with a fault is an answer too.
 */
import type { PolicyInput } from '../core/policy/layer-sources.ts';
import { ActivityFailure, CancellationScope, proxyActivities } from '@temporalio/workflow';
import type { ControlActivities } from '../activities/attempt/contract.ts';
import type { PolicyReading } from '../core/policy/changes.ts';
import { describeFailure } from './activities.ts';
import { exchangeWith } from './exchange.ts';

const proxied = proxyActivities<Pick<ControlActivities, 'readPolicy'>>({
  // The base is there already; a remote is looked at once more.
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '2 minutes',
  retry: { maximumAttempts: 3 },
});

/** The policy in force by the layers as they are now, or why it can't be had. */
export async function readPolicyAgain(input: PolicyInput, seals: boolean): Promise<PolicyReading> {
  const { readPolicy } = exchangeWith(proxied, seals);
  try {
    const read = await CancellationScope.nonCancellable(() =>
      readPolicy.executeWithOptions({ summary: 'policy of all layers, again' }, [input]),
    );
    return { kind: 'read', read };
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return { kind: 'bad', reason: describeFailure(error).reason };
  }
}
