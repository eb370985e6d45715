/**
 * `prepare`: resolves the base commit and runs the checks once on it, before any work.
 * Rule: the person's working copy is only read. A start that can't succeed fails here, at once.
 */
import { describeHostUse } from '../../core/egress.ts';
import type { HostUse } from '../../core/egress.ts';
import type { Prepared, PrepareInput } from '../../core/refactor/exchange.ts';
import { Context } from '@temporalio/activity';
import { checkNewBranch, findInTheWay } from '../../core/branch-name.ts';
import type { Sha } from '../../core/transcript.ts';
import { importBase } from '../../git/remote/import-base.ts';
import { listBranches } from '../../git/remote/deliver-branch.ts';
import { readLink } from '../../git/read/read-chain.ts';
import type { Store } from '../../git/store.ts';
import type { NamedBase } from '../../sandbox/layers/layers.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { locateRepository, storeOf } from '../attempt/context.ts';
import type { WorkspaceActivities } from '../attempt/contract.ts';
import { fail } from '../attempt/failures.ts';
import { contentFor, describeLfs } from '../attempt/lfs.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';
import type { CheckRun } from '../agent/run-checks.ts';
import { runCheckCommands } from '../agent/run-checks.ts';

export function createPrepare(context: ActivityContext): WorkspaceActivities['prepare'] {
  return (input) => withHeartbeats((signal, _, screen) => prepare(context, input, { signal, screen }));
}

async function prepare(context: ActivityContext, input: PrepareInput, run: CheckRun): Promise<Prepared> {
  const problem = checkNewBranch(input.branch);
  if (problem) throw fail('BadInput', `branch "${input.branch}" ${problem}`);
  const repository = await locateRepository(context, input.repository);
  const store = await storeOf(context, input.repository);
  const wanted = input.base === null ? {} : { base: input.base };
  const base = await importBase(store, { repository, ...wanted, withNames: true });
  if (input.expected && base.commit !== input.expected)
    throw fail('BaseMoved', `the base moved from ${input.expected.slice(0, 10)} to ${base.commit.slice(0, 10)}`);
  const isOwn = await refuseBranch(store, repository, input.branch);
  const { checks, setup, lfs, warrant } = input;
  const named = base.names === undefined ? {} : { names: base.names };
  const granted = lfs === undefined ? {} : { lfs };
  const of = { repository: input.repository, base: base.commit, ...granted, ...(warrant ? { warrant } : {}) };
  const { content } = await contentFor(context, store, of, run.signal);
  // LFS content that can't be fetched fails the start before any command runs.
  await content?.fetch();
  const evidence = await runCheckCommands(context, { ...of, ...named, commit: base.commit, checks, setup }, run);
  const notes: string[] = [];
  if (base.dirty)
    notes.push(
      `the working copy has uncommitted changes; they are not used: the base is commit ${base.commit.slice(0, 10)}`,
    );
  if (isOwn)
    notes.push(
      `branch ${input.branch} was delivered by an earlier run of this refactor: delivery holds until you rename or delete it`,
    );
  if (context.isolation === 'none')
    notes.push('commands run without isolation on this worker (COXSWAIN_ISOLATION=none)');
  else if (context.workspaces.layout === 'plain')
    notes.push('workspaces are plain folders on this worker (bwrap, overlay: false): checkpoints cost more there');
  notes.push(...(await describeLfs(store, base.commit, granted)));
  const hosts = await readHosts(context, { store, base: base.commit, ...named, content }, setup);
  if (hosts && hosts.length > 0) notes.push(describeHostUse(hosts));
  return {
    commit: base.commit,
    tree: base.tree,
    baseBranch: base.branch,
    ...named,
    evidence,
    isolation: context.isolation,
    notes,
    ...(hosts ? { hosts } : {}),
  };
}

/** Throws where the branch can't be made; returns whether an earlier run of the same refactor delivered it. */
async function refuseBranch(store: Store, repository: string, branch: string): Promise<boolean> {
  const branches = await listBranches(store, repository);
  const there = branches.get(branch);
  const inTheWay = findInTheWay(branch, branches.keys());
  if (inTheWay !== undefined)
    throw fail(
      'BadInput',
      `branch ${branch} can't be made in the repository: ${inTheWay}; name another one by "branch"`,
    );
  if (there === undefined) return false;
  if (await wasDeliveredByThis(store, there)) return true;
  throw fail(
    'BadInput',
    `branch ${branch} exists already in the repository, at ${there.slice(0, 10)}: name another one by "branch"`,
  );
}

/** Whether a branch's commit was made by this refactor, before a person reset the workflow. */
async function wasDeliveredByThis(store: Store, commit: Sha): Promise<boolean> {
  const id = Context.current().info.workflowExecution?.workflowId;
  // A commit that is not in the store was not made by this refactor.
  const link = await readLink(store, commit).catch(() => undefined);
  return link?.message.includes(`\nCoxswain-Refactor: ${id}\n`) === true;
}

/** The hosts that the setup asked the proxy for. */
async function readHosts(
  context: ActivityContext,
  base: NamedBase,
  setup: PrepareInput['setup'],
): Promise<HostUse[] | undefined> {
  if (!setup || setup.network === false) return undefined;
  return (await context.workspaces.prepareSetup({ ...base, setup })).hosts;
}
