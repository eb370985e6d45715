/**
 * Starts a bulk: one message to many refactors, sent by a workflow.
 * Rule: everything here can also be done with the plain `temporal` program.
 */
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { BulkInput, BulkResult } from '../core/decisions/bulk.ts';
import { explainFailures } from './client-failure.ts';

export type BulkHandle = WorkflowHandleWithFirstExecutionRunId<() => Promise<BulkResult>>;

/** Starts the workflow `bulk`; it goes on without this client. */
export async function startBulk(
  client: Client,
  { id, taskQueue, input }: { id: string; taskQueue: string; input: BulkInput },
): Promise<BulkHandle> {
  return await explainFailures(
    id,
    async () =>
      await client.workflow.start<() => Promise<BulkResult>>('bulk', {
        workflowId: id,
        taskQueue,
        args: [input] as never,
      }),
  );
}
