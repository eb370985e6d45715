/**
 * Looks at a worker deployment: which version of the worker new runs start on.
 * Rule: only looks; which version is current is a person's decision, made with Temporal's own commands.
 */
import type { Connection } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';

/** gRPC's number: no worker of this deployment has ever asked for work. */
const NOT_FOUND = 5;

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

/** What a person has to do where no version is current. */
export function describeNoCurrent({ deploymentName, buildId }: { deploymentName: string; buildId: string }): string {
  const command = `temporal worker deployment set-current-version --deployment-name ${deploymentName}`;
  return `deployment ${deploymentName} has no current version, so nothing runs: start its worker, then ${command} --build-id ${buildId}`;
}
