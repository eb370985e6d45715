/**
 * `openPull`: a pull request for the delivered branch, with the report as its body.
 * Rule: only a worker with a token opens any, and only on the GitHub that it is configured for.
 */
import { GitHubFailure, openPullRequest, readRepositoryName } from '../../github/pull-request.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { storeOf } from '../attempt/context.ts';
import type { ControlActivities } from '../attempt/contract.ts';
import { fail } from '../attempt/failures.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';
import { checkDelivery } from '../attempt/warrant.ts';

/** Whether this worker opens pull requests for a repository. */
export function canOpenPull({ github }: ActivityContext, repository: string): boolean {
  return github !== undefined && readRepositoryName(github, repository) !== undefined;
}

export function createOpenPull(context: ActivityContext): ControlActivities['openPull'] {
  const { github } = context;
  return ({ repository, branch, base, title, report, delivery, warrant }) =>
    withHeartbeats(async (signal) => {
      const store = await storeOf(context, repository);
      await checkDelivery(context, store, { repository, delivery: { ...delivery, branch }, warrant });
      const named = github && readRepositoryName(github, repository);
      if (!named)
        throw fail(
          'ForgeRefused',
          'this worker opens no pull requests for the repository: it has no token, or the repository is elsewhere',
        );
      try {
        return { url: await openPullRequest(github, { ...named, head: branch, base, title, body: report }, signal) };
      } catch (error) {
        if (!(error instanceof GitHubFailure)) throw error;
        throw fail(error.retryable ? 'ForgeUnavailable' : 'ForgeRefused', error.message);
      }
    });
}
