/**
 * The workflow type `bulk`: sends one message to many refactors, and returns the table of their receipts.
 * Rule: every target has exactly one row, whatever dies in between; a message counts once in its run.
 */
import { ApplicationFailure, proxyActivities, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { ControlActivities } from '../activities/attempt/contract.ts';
import type { BulkReceipt, BulkResult, BulkTarget } from '../core/decisions/bulk.ts';
import { batchMessages, MAX_TARGETS, readBulkInput, sumReceipts } from '../core/decisions/bulk.ts';
import { exchangeWith } from './sealed-activities.ts';
import { beginsSealed } from './seals.ts';

/** Until the server or a worker is back: a day's outage, with a try each minute. */
const RETRY = { initialInterval: '1 second', maximumInterval: '1 minute', maximumAttempts: 1500 } as const;
/** A batch takes a minute at most; each message waits some seconds for its run. */
const SHARED = { heartbeatTimeout: '10 seconds', startToCloseTimeout: '30 minutes', retry: RETRY } as const;

export async function bulk(...inputs: unknown[]): Promise<BulkResult> {
  const read = readBulkInput(inputs);
  if (read.kind === 'bad') throw ApplicationFailure.nonRetryable(read.problem, 'BadInput');
  const { input } = read;
  const control = exchangeWith(proxyActivities<ControlActivities>(SHARED), beginsSealed());
  const targets = input.targets ?? (await findTargets(control, input.query ?? ''));
  const batches = batchMessages(input, targets, workflowInfo().firstExecutionRunId);
  const receipts: BulkReceipt[] = [];
  for (const batch of batches) {
    const summary = `${input.verb} ${receipts.length + batch.length} of ${targets.length}`;
    receipts.push(...(await control.sendMessages.executeWithOptions({ summary }, [batch])));
    setCurrentDetails(`${input.verb}: ${receipts.length} of ${targets.length} have their receipt`);
  }
  return sumReceipts(input.verb, receipts);
}

async function findTargets(
  control: Pick<ReturnType<typeof proxyActivities<ControlActivities>>, 'findTargets'>,
  query: string,
): Promise<BulkTarget[]> {
  const found = await control.findTargets({ query });
  if (found.length > MAX_TARGETS)
    throw ApplicationFailure.nonRetryable(`more than ${MAX_TARGETS} runs fit: narrow the query`, 'BadInput');
  return found.map((workflow) => ({ workflow }));
}
