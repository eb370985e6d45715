/**
 * Turns a failure of git into one about the content of LFS files.
 * Rule: failures that may pass are tried again for two minutes, those that another host can mend are tried there, and
 * for all others a person is asked at once.
 */
import { GIT_FAILURES } from '../../core/failures.ts';
import { GitFailure } from '../git-failure.ts';

/** The remedy that always works: leave the pointers in place. */
export const WITHOUT = 'or have policy say `lfs: pointers`';

/** The same failure, as one about these files' content. Other errors are returned unchanged. */
export function aboutContent(error: unknown, [path, ...more]: readonly string[]): unknown {
  if (!(error instanceof GitFailure)) return error;
  const mayPass = error.kind === 'failed' || error.kind === 'unreachable';
  const files = more.length === 0 ? path : `${path} and ${more.length} more`;
  const kind = GIT_FAILURES[error.kind].mends === 'another host' ? 'no-content-here' : 'no-content';
  return new GitFailure(
    mayPass ? 'failed' : kind,
    `git LFS: the content of ${files} can't be fetched: ${error.message}${mayPass ? ' (it is tried again for two minutes)' : ''}`,
  );
}
