/**
 * `sweepHubs`: removes the refs of expired runs from hubs, and leftovers of killed git processes in their stores.
 * Rule: only refs are removed, never objects, because other stores borrow them. Just before, Temporal is asked once
 * more whether the refactor and all its agents are closed.
 */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { HubSweep, KnownRun, RunRef } from '../../core/upkeep/retention.ts';
import { chooseExpired, chooseRetention, DAY_MS, foldRuns } from '../../core/upkeep/retention.ts';
import { deleteRef } from '../../git/remote/move-ref.ts';
import { readRoot } from '../../git/read/read-chain.ts';
import { listRefs } from '../../git/remote/read-ref.ts';
import { readTips } from '../../git/remote/read-tips.ts';
import { refSlug } from '../../git/ref-name.ts';
import type { Store } from '../../git/store.ts';
import { sweepStore } from '../../git/sweep-store.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { storeOfSlug } from '../attempt/context.ts';
import type { ControlActivities } from '../attempt/contract.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';

/** Most refs that one activity removes from a hub: a remote hub needs a push for each, within the half hour it has. */
const MAX_REMOVED = 2000;
const MAX_REASON = 500;

export function createSweepHubs(context: ActivityContext): ControlActivities['sweepHubs'] {
  return ({ hubs, retentionDays, dryRun }) =>
    withHeartbeats(async (signal): Promise<HubSweep> => {
      // A caller can't shorten the retention that this worker is configured with.
      const cutoff = Date.now() - chooseRetention(retentionDays, context.retentionDays).retentionDays * DAY_MS;
      const sums: HubSweep = { refs: { kept: 0, removed: 0 }, leftOvers: 0, failed: [], more: [] };
      // Refs are listed before runs, so the refs of a run that starts later are not among them.
      const found: Found[] = [];
      for (const hub of hubs) {
        await tryAt(sums, hub, signal, async () => {
          const store = await storeOfSlug(context, hub);
          found.push({ hub, store, refs: await listRunRefs(store) });
        });
      }
      const runs = await listRuns();
      for (const { hub, store, refs } of found) {
        await tryAt(sums, hub, signal, async () => {
          const all = await describeRefs(store, refs, runs);
          const expired = chooseExpired(all, runs, cutoff);
          const batch = dryRun ? expired : expired.slice(0, MAX_REMOVED);
          const closed = await dropReopened(batch, runs);
          sums.leftOvers += await sweepStore(store.dir, { dryRun });
          let removed = 0;
          for (const { ref, at } of closed) {
            signal.throwIfAborted();
            if (dryRun || (await deleteRef(store, { ref, from: at })) === 'deleted') removed += 1;
          }
          sums.refs.removed += removed;
          if (batch.length < expired.length) sums.more.push(hub);
          else sums.refs.kept += refs.length - removed;
        });
      }
      return sums;
    });
}

/** Runs `body` for one hub. If it fails, the failure is recorded and the other hubs are still swept. */
async function tryAt(sums: HubSweep, hub: string, signal: AbortSignal, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    sums.failed.push({ place: `hub ${hub}`, reason: reason.slice(0, MAX_REASON) });
  }
}

type Ref = Pick<RunRef, 'ref' | 'at' | 'slug'>;

interface Found {
  hub: string;
  store: Store;
  refs: Ref[];
}

async function listRunRefs(store: Store): Promise<Ref[]> {
  const all = await listRefs(store, 'refs/coxswain');
  // Refs of another form are not ours.
  return all.flatMap(({ ref, at }) => {
    const [, slug] = /^refs\/coxswain\/(?:[^/]+\/)?(?:refactors|agents)\/([^/]+)\/[^/]+$/.exec(ref) ?? [];
    return slug === undefined ? [] : [{ ref, at, slug }];
  });
}

/** All refactors and agents that Temporal knows in this worker's namespace. */
async function listRuns(): Promise<KnownRun[]> {
  const runs: KnownRun[] = [];
  const query = `WorkflowType IN ('refactor', 'agent')`;
  for await (const { workflowId: id, startTime, closeTime } of Context.current().client.workflow.list({ query })) {
    const family = refSlug(familyIdOf(id));
    runs.push({
      id,
      slug: refSlug(id),
      family,
      startedAt: startTime.getTime(),
      closedAt: closeTime?.getTime() ?? null,
    });
  }
  return foldRuns(runs);
}

/** The refactor in an agent's id, `<refactor>/<task>.<attempt>`; any other id is returned as it is. */
function familyIdOf(id: string): string {
  return /^(.+)\/[^/]+\.\d+$/.exec(id)?.[1] ?? id;
}

/** Adds to each ref its time and its refactor. For agents that Temporal has forgotten, the chain's root names it. */
async function describeRefs(store: Store, found: readonly Ref[], runs: readonly KnownRun[]): Promise<RunRef[]> {
  const known = new Map(runs.map((run) => [run.slug, run]));
  // Refs of open runs stay, so their times are not read.
  const open = (slug: string): boolean => known.get(slug)?.closedAt === null;
  const dates = await readTips(
    store,
    found.filter(({ slug }) => !open(slug)),
  );
  const families = new Map<string, string | null>();
  const refs: RunRef[] = [];
  for (const { ref, at, slug } of found) {
    const madeAt = dates.get(at) ?? Number.POSITIVE_INFINITY;
    if (!families.has(slug)) families.set(slug, await findFamily(store, { ref, at, slug }, known, madeAt));
    refs.push({ ref, at, slug, madeAt, family: families.get(slug) ?? null });
  }
  return refs;
}

async function findFamily(
  store: Store,
  { ref, at, slug }: Ref,
  known: ReadonlyMap<string, KnownRun>,
  madeAt: number,
): Promise<string | null> {
  if (/^refs\/coxswain\/(?:[^/]+\/)?refactors\//.test(ref)) return slug;
  const run = known.get(slug);
  if (run || !Number.isFinite(madeAt)) return run?.family ?? null;
  const root = await readRoot(store, at);
  const id = root?.refactor ?? root?.agent;
  return id === undefined ? null : refSlug(id);
}

/** Drops refs whose refactor or one of its agents is open after all: Temporal's list lags, `describe` does not. */
async function dropReopened(expired: readonly RunRef[], runs: readonly KnownRun[]): Promise<RunRef[]> {
  const familyOf = new Map(runs.map(({ slug, family }) => [slug, family]));
  const families = new Set(expired.map(({ slug, family }) => familyOf.get(slug) ?? family ?? slug));
  const open = new Set<string>();
  for (const { id, family } of runs) {
    if (families.has(family) && !open.has(family) && (await isOpen(id))) open.add(family);
  }
  return expired.filter(({ slug, family }) => !open.has(familyOf.get(slug) ?? family ?? slug));
}

/** Whether a workflow's newest run is open, by Temporal's `describe`. */
export async function isOpen(id: string): Promise<boolean> {
  try {
    const { closeTime } = await Context.current().client.workflow.getHandle(id).describe();
    return closeTime === undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
