/**
 * Reads the layers of policy again for a message that asks for it.
 * Rule: a person waits for the answer, so it ends within minutes. A layer with a fault is a result too.
 */
import type { PolicyInput } from '../core/policy/layer-sources.ts';
import { ActivityFailure, CancellationScope, proxyActivities } from '@temporalio/workflow';
import type { ControlActivities } from '../activities/attempt/contract.ts';
import type { PolicyReading } from '../core/policy/changes.ts';
import { describeFailure } from './activities.ts';
import { exchangeWith } from './sealed-activities.ts';

const proxied = proxyActivities<Pick<ControlActivities, 'readPolicy'>>({
  // The base is already in the store, and a remote is read once more.
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '2 minutes',
  retry: { maximumAttempts: 3 },
});

/** The policy that the current layers make, or why it can't be read. */
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
