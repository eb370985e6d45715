/**
 * A person's way through the inbox: one group after the other is shown, asked about, and decided.
 * Rule: what is decided was just shown, and each message is bound to its digest. What was left open comes no second
 * time.
 */
import type { Client } from '@temporalio/client';
import type { FleetFilter } from '../../client/fleet.ts';
import type { Inbox, ItemKey } from '../../client/inbox.ts';
import { decideGroup, describeCount, digestShown, lookAtItem, readInbox } from '../../client/inbox.ts';
import { queryRun } from '../../client/refactors.ts';
import { asBlock, asLine as safe } from '../../core/text/lines.ts';
import type { InboxGroup } from '../../core/views/inbox.ts';
import { HOLD } from '../../core/views/inbox.ts';
import { rivalsOf } from '../../core/views/read-status.ts';
import type { NeedView } from '../../core/views/status.ts';
import type { HubSettings } from '../../git/remote/hub-store.ts';
import { refactorQueries } from '../../workflows/messages.ts';
import type { AskedGroup, GroupChoice } from './ask-group.ts';
import type { ShowWhole } from './ask-person.ts';
import { showGroups, showHead, showResults } from './show-inbox.ts';
import { showPlan } from './show.ts';
import { signDecision } from './sign-decision.ts';
import { lookAtChanges, lookAtPlan } from './supervise.ts';

export interface Sitting {
  client: Client;
  hub: HubSettings;
  filter: FleetFilter;
  by: string;
  /** Signs with this key in any case. */
  key?: string | undefined;
  say: (line: string) => void;
  ask: (asked: AskedGroup) => Promise<GroupChoice>;
}

/** Runs that wait, and whose worker does not say for what. */
export function showUnasked({ unasked }: Inbox): string[] {
  return unasked.map((id) => `${safe(id)} waits, but no worker answers for it:  cox status ${safe(id)}`);
}

/** Goes through the groups until the person leaves or nothing is left. Groups that they left open come no second time. */
export async function sit(sitting: Sitting): Promise<number> {
  const { client, filter, say } = sitting;
  const passed = new Set<string>();
  // The card of a run is a moment older than its decisions.
  const over = new Set<string>();
  let alone: string | undefined;
  let shown = '';
  for (;;) {
    const now = Date.now();
    const read = await readInbox(client, filter, now);
    const groups = without(read.groups, over);
    const list = showGroups(groups, now, process.stdout.columns);
    const count = groups.reduce((sum, { items }) => sum + items.length, 0);
    if (list !== shown) say(`\n${describeCount(count, groups.length, read)}\n${list}`);
    shown = list;
    for (const line of showUnasked(read)) say(line);
    const [next] = without(groups, passed);
    if (!next) return count + read.unasked.length > 0 ? 1 : 0;
    const one = next.items.find((item) => keyOf(item) === alone);
    const group = one ? { ...next, items: [one] } : next;
    const { kind, done } = await decideShown(sitting, group, now);
    if (kind === 'quit') return 1;
    for (const item of done) over.add(keyOf(item));
    alone = kind === 'first' && group.items[0] ? keyOf(group.items[0]) : undefined;
    if (kind === 'all' || kind === 'next') for (const item of group.items) passed.add(keyOf(item));
  }
}

/** The groups without these items, by their keys. */
function without(groups: readonly InboxGroup[], keys: ReadonlySet<string>): InboxGroup[] {
  return groups.flatMap((group) => {
    const items = group.items.filter((item) => !keys.has(keyOf(item)));
    return items.length > 0 ? [{ ...group, items }] : [];
  });
}

function keyOf({ run, id, digest }: ItemKey): string {
  return JSON.stringify([run, id, digest]);
}

/** What a person made of a group, and the items that are decided now or were before. */
interface Outcome {
  kind: GroupChoice['kind'] | 'gone';
  done: ItemKey[];
}

/** Shows a group, asks, and sends the reply to all of it. */
async function decideShown(sitting: Sitting, group: InboxGroup, now: number): Promise<Outcome> {
  const { client, by, key, say, ask } = sitting;
  const [first] = group.items;
  const look = first && group.kind !== HOLD ? await lookAtItem(client, first) : undefined;
  if (first && group.kind !== HOLD && !look) return { kind: 'gone', done: [first] };
  say(`\n${showHead(group, now)}`);
  const whole = look ? await showDecision(sitting, group, look.need) : undefined;
  if (!look) say(asBlock(group.title));
  const rivals = look ? rivalsOf(look.status, look.need) : [];
  const choice = await ask({ need: look?.need, rivals, count: group.items.length, look: whole });
  if (choice.kind !== 'all') return { kind: choice.kind, done: [] };
  const results = await decideGroup(client, {
    items: group.items,
    shown: look && digestShown(look.need),
    reply: choice.reply,
    by,
    sign: async (id, update, fields) => await signDecision({ client, id, update, fields, key, say }),
  });
  say(showResults(results));
  const sent = results.filter(({ kind }) => kind === 'applied' || kind === 'forwarded');
  return { kind: 'all', done: sent.map(({ item }) => item) };
}

/** Says what is decided, from the bytes of the first; gives what shows the whole of all of them. */
export async function showDecision(
  { client, hub, say }: Pick<Sitting, 'client' | 'hub' | 'say'>,
  { items }: InboxGroup,
  need: NeedView,
): Promise<ShowWhole | undefined> {
  const [first] = items;
  if (!first) return undefined;
  if (need.kind === 'plan') {
    const plan = (await queryRun(client, first.run, refactorQueries.plan))?.plan;
    say(plan ? showPlan(plan) : asBlock(need.about));
    return plan && lookAtPlan(plan);
  }
  say(asBlock(need.about));
  const look = await lookAtChanges({ client, id: first.run, hub, need, say });
  if (!look) return undefined;
  const show = async (): Promise<void> => {
    await look.show();
    for (const { run, id } of items.slice(1)) {
      const other = (await queryRun(client, run, refactorQueries.status)).needs.find((one) => one.id === id);
      await (other && (await lookAtChanges({ client, id: run, hub, need: other, say })))?.show();
    }
  };
  return { what: items.length > 1 ? `the ${items.length} differences` : look.what, show };
}
