/**
 * Says of a failure to fetch LFS content which file it was about.
 * Rule: what may pass by itself is tried for two minutes, what another host may have is tried there, and for all else
 * a person is asked at once.
 */
import { GIT_FAILURES } from '../../core/failures.ts';
import { GitFailure } from '../git-failure.ts';

/** What everybody can do about content that can't be had. */
export const WITHOUT = 'or have policy say `lfs: pointers`';

/** The same failure as one about the content of these files; what is no failure of git is passed through. */
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
