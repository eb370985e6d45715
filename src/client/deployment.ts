/**
 * Looks at a worker deployment: which version of the worker new runs start on.
 * Rule: only looks; which version is current is a person's decision, made with Temporal's own commands.
 */
import { setTimeout } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';

/** gRPC's number: no worker of this deployment has ever asked for work. */
const NOT_FOUND = 5;
/** A control worker polls one queue for workflows and for activities. */
const CONTROL_QUEUE_TYPES = 2;
const LISTED_TIMEOUT_MS = 15_000;
const LISTED_POLL_MS = 200;

/** The current version's build id; undefined where none is set, so that no run gets anywhere. */
export async function findCurrentBuild(
  connection: Connection,
  namespace: string,
  deploymentName: string,
): Promise<string | undefined> {
  try {
    const request = { namespace, deploymentName };
    const { workerDeploymentInfo } = await connection.workflowService.describeWorkerDeployment(request);
    return workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId ?? undefined;
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === NOT_FOUND) return undefined;
    throw error;
  }
}

/**
 * Waits until the server lists both queues of a version's control worker: before that, making the version current is
 * refused. Each poller registers its own, within a second; after the timeout the worker is taken as it is.
 */
export async function untilListed(
  connection: Connection,
  namespace: string,
  version: { deploymentName: string; buildId: string },
  taskQueue: string,
): Promise<void> {
  const end = Date.now() + LISTED_TIMEOUT_MS;
  while (Date.now() < end) {
    const queues = await listQueues(connection, namespace, version);
    if (queues.filter(({ name }) => name === taskQueue).length >= CONTROL_QUEUE_TYPES) return;
    await setTimeout(LISTED_POLL_MS);
  }
}

async function listQueues(
  connection: Connection,
  namespace: string,
  deploymentVersion: { deploymentName: string; buildId: string },
): Promise<readonly { name?: string | null }[]> {
  try {
    const request = { namespace, deploymentVersion, reportTaskQueueStats: false };
    return (await connection.workflowService.describeWorkerDeploymentVersion(request)).versionTaskQueues;
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === NOT_FOUND) return [];
    throw error;
  }
}

/** What a person has to do where no version is current. */
export function describeNoCurrent({ deploymentName, buildId }: { deploymentName: string; buildId: string }): string {
  const command = `temporal worker deployment set-current-version --deployment-name ${deploymentName}`;
  return `deployment ${deploymentName} has no current version, so nothing runs: start its worker, then ${command} --build-id ${buildId}`;
}
