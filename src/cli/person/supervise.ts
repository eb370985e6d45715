/**
 * Watches a refactor live: plan with ticks, each step as a line, spend, elapsed. Asks the person at the terminal, if
 * there is one.
 * Rule: it only reads and sends verbs; ending it leaves the run as it is.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { findDifferenceOf, showDifference, showStat } from '../../client/difference.ts';
import { explainFailures } from '../../client/client-failure.ts';
import { bindTo } from '../../client/inbox.ts';
import { findClosed, queryRun } from '../../client/refactors.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { readSnapshot } from '../../client/snapshot.ts';
import { showSpend } from '../../core/views/details.ts';
import type { Plan } from '../../core/plan.ts';
import { showElapsed } from '../../core/text/durations.ts';
import { asBlock, asLine as safe } from '../../core/text/lines.ts';
import { rivalsOf } from '../../core/views/read-status.ts';
import type { NeedView, RefactorStatus } from '../../core/views/status.ts';
import { refactorQueries } from '../../workflows/messages.ts';
import { showPlan, showTicks, sumSpend } from './show.ts';
import type { HubSettings } from '../../git/remote/hub-store.ts';
import type { Decide, ShowWhole, Reply } from './ask-person.ts';

import { page } from './page.ts';
import { sendSigned } from './sign-decision.ts';
import { createTeller } from './tell-doing.ts';

/** Often enough to look live, seldom enough to cost nothing: each look is a few queries. */
export const POLL_MS = 400;

export interface Supervision {
  client: Client;
  id: string;
  by: string;
  say: (line: string) => void;
  decide?: Decide;
  /** Where the hub is, so that a person can look at the difference before they decide. */
  hub?: HubSettings;
  /** Signs with this key in any case. */
  key?: string | undefined;
  /** Stops watching when it is aborted. */
  signal?: AbortSignal;
}

/** Shows what happens until the refactor ends or the watching is aborted; gives the last status. */
export async function supervise(supervision: Supervision): Promise<RefactorStatus | undefined> {
  const { client, id, say, signal } = supervision;
  const { startTime } = await explainFailures(id, () => client.workflow.getHandle(id).describe());
  const tellDoing = createTeller(say);
  const said = new Set<string>();
  const asked = new Set<string>();
  let ticks = '';
  let snapshot: Snapshot | undefined;
  while (!signal?.aborted) {
    snapshot = await readSnapshot(client, id, snapshot);
    const { status } = snapshot;
    for (const { at, text } of snapshot.log) {
      const key = `${at} ${text}`;
      if (!said.has(key)) say(`  ${safe(text)}`);
      said.add(key);
    }
    const now = showTicks(status);
    if (now !== ticks && now !== '') {
      say(`${now}   ${showSpend(sumSpend(snapshot))}, ${showElapsed(Date.now() - startTime.getTime())}`);
    }
    ticks = now;
    for (const doing of snapshot.now.values()) tellDoing(doing);
    if (['done', 'failed', 'stopped'].includes(status.state)) return status;
    for (const need of status.needs) {
      if (asked.has(need.id)) continue;
      asked.add(need.id);
      await decideOne(supervision, need, rivalsOf(status, need));
    }
    await wait(POLL_MS, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
  return undefined;
}

/** Shows a decision, asks the person at the terminal and sends their reply. True if it was sent and not refused. */
export async function decideOne(
  { client, id, by, say, decide, key, hub, signal }: Supervision,
  need: NeedView,
  rivals: readonly string[],
): Promise<boolean> {
  const plan = need.kind === 'plan' ? (await queryRun(client, id, refactorQueries.plan))?.plan : undefined;
  say(`DECIDE ${safe(need.id)}`);
  say(plan ? showPlan(plan) : asBlock(need.about));
  // Without a person at the terminal only a delivery's statistics are shown.
  const source = decide || need.kind === 'delivery' ? hub : undefined;
  const look = plan ? lookAtPlan(plan) : source && (await lookAtChanges({ client, id, hub: source, need, say }));
  const { reply, elsewhere } = decide ? await askUntilDecided(client, id, need, { rivals, decide, look, signal }) : {};
  if (!reply && elsewhere !== undefined) {
    say(`\n  decided elsewhere: ${safe(elsewhere)}`);
    return false;
  }
  if (!reply) {
    say(`  waits for: ${commandsFor(id, need).join('   or   ')}`);
    return false;
  }
  const { update, fields } = reply;
  const input = { ...bindTo(need, update), ...fields, by };
  const { kind, detail } = await sendSigned({ client, id, update, fields: input, key, say });
  say(`  ${kind}: ${safe(detail)}`);
  return kind !== 'refused';
}

/** The whole plan, for a pager. */
export function lookAtPlan(plan: Plan): ShowWhole {
  const text = `${showPlan(plan, 'whole')}\n`;
  return { what: "the whole plan, with each task's instructions,", show: async () => await page(text) };
}

/** What a decision is about, as a difference; of a delivery its statistics are said at once. */
export async function lookAtChanges({
  client,
  id,
  hub,
  need,
  say,
}: Required<Pick<Supervision, 'client' | 'id' | 'hub' | 'say'>> & { need: NeedView }): Promise<ShowWhole | undefined> {
  try {
    const changed = await findDifferenceOf(client, hub, id, need);
    if (changed && need.kind === 'delivery') say(asBlock(await showStat(changed)));
    return changed && { what: 'the difference', show: async () => await page(await showDifference(changed)) };
  } catch (error) {
    // It can be decided without: what was not found may be in a hub that this machine does not reach.
    if (need.kind === 'delivery') say(`  the difference can't be shown: ${safe(String(error))}`);
    return undefined;
  }
}

/** Asks the person at the terminal, until they reply or somebody else has decided. */
async function askUntilDecided(
  client: Client,
  id: string,
  need: NeedView,
  {
    rivals,
    decide,
    look,
    signal,
  }: {
    rivals: readonly string[];
    decide: Decide;
    look: ShowWhole | undefined;
    signal: AbortSignal | undefined;
  },
): Promise<{ reply?: Reply | undefined; elsewhere?: string | undefined }> {
  const over = new AbortController();
  const done = new AbortController();
  const lookElsewhere = async (): Promise<string | undefined> => {
    for (;;) {
      await wait(POLL_MS, undefined, { signal: done.signal }).catch(() => undefined);
      if (done.signal.aborted) return undefined;
      // No answer from the run: look again, since the person may still decide.
      const elsewhere = await findClosed(client, id, need).catch(() => undefined);
      if (elsewhere === undefined) continue;
      over.abort();
      return elsewhere;
    }
  };
  const looking = lookElsewhere();
  try {
    // Who has left meanwhile is not asked any more.
    const ended = signal ? AbortSignal.any([over.signal, signal]) : over.signal;
    const reply = await decide(need, rivals, ended, look);
    return { reply, elsewhere: over.signal.aborted ? await looking : undefined };
  } finally {
    // Stop looking, also if the prompt failed.
    done.abort();
  }
}

/** The commands that answer a decision of a run. */
function commandsFor(run: string, { id, kind, does }: NeedView): string[] {
  if (kind === 'question') return [`cox answer ${run} "…" --question ${id}`];
  const reject = `cox reject ${run} ${id} --note "…"`;
  if (kind === 'choice') return [`cox choose ${run} <agent>`, ...(does ? [reject] : [])];
  const part = does?.part ? [`cox approve ${run} ${id} --leave-out "…"`] : [];
  return [`cox approve ${run} ${id}`, ...part, reject];
}
