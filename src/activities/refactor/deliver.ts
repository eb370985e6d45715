/**
 * `deliver`: pushes the approved commit as a branch, and says what changed and whether the base has moved since.
 * Rule: it pushes exactly that commit, never over another one, and only after this worker itself has verified the
 * approval. Delivering twice has the effect of delivering once.
 */
import type { DeliverInput, DeliverOutcome } from '../../core/refactor/delivery.ts';
import { deliverBranch, readRemoteBranch } from '../../git/remote/deliver-branch.ts';
import { diffStat } from '../../git/read/diff-stat.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import { importBase } from '../../git/remote/import-base.ts';
import { mergeCommits } from '../../git/write/merge-commits.ts';
import type { Store } from '../../git/store.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { locateRepository, storeOf } from '../attempt/context.ts';
import type { ControlActivities } from '../attempt/contract.ts';
import { canOpenPull } from './open-pull.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';
import { checkDelivery } from '../attempt/warrant.ts';

export function createDeliver(context: ActivityContext): ControlActivities['deliver'] {
  return (input) =>
    withHeartbeats(async (): Promise<DeliverOutcome> => {
      const repository = await locateRepository(context, input.repository);
      const store = await storeOf(context, input.repository);
      const { commit, base, branch, plan, warrant } = input;
      const delivery = { commit, base, branch, ...(plan === undefined ? {} : { plan }) };
      await checkDelivery(context, store, { repository: input.repository, delivery, warrant });
      await ensureCommit(store, { commit: input.commit });
      const outcome = await deliverBranch(store, { repository, branch: input.branch, commit: input.commit });
      if (outcome.kind !== 'delivered') return outcome;
      const { text } = await diffStat(store, { from: input.base, to: input.commit });
      return {
        kind: 'delivered',
        ref: outcome.ref,
        stat: text.slice(-4000),
        notes: [...describeHooks(outcome.skippedHooks), ...(await compareBase(store, repository, input))],
        ...(canOpenPull(context, input.repository) ? { opensPull: true } : {}),
      };
    });
}

function describeHooks(hooks: readonly string[] = []): string[] {
  if (hooks.length === 0) return [];
  return [`the repository was named by a local path, so its hooks did not run: ${hooks.join(', ')}`];
}

/** Notes that the base branch has moved, and whether the delivered branch merges with it. */
async function compareBase(
  store: Store,
  repository: string,
  { base, baseBranch, commit }: DeliverInput,
): Promise<string[]> {
  if (!baseBranch) return [];
  const now = await readRemoteBranch(store, { repository, branch: baseBranch });
  if (!now || now === base) return [];
  await importBase(store, { repository, base: baseBranch });
  const merge = await mergeCommits(store, { ours: now, theirs: commit });
  const how =
    merge.kind === 'clean'
      ? 'the branch merges with it cleanly'
      : `the branch conflicts with it in ${merge.files.join(', ')}`;
  return [`${baseBranch} has moved to ${now.slice(0, 10)} since: ${how}`];
}
