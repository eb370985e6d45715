/**
 * A person's way through the inbox: one group after the other is shown, asked about, and decided.
 * Rule: what is decided was just shown, and each message is bound to its digest. What was left open comes no second
 * time.
 */
import type { Client } from '@temporalio/client';
import type { FleetFilter } from '../../client/fleet.ts';
import type { Inbox } from '../../client/inbox.ts';
import { decideGroup, lookAtItem, readInbox } from '../../client/inbox.ts';
import { queryRun } from '../../client/refactors.ts';
import { asBlock, asLine as safe } from '../../core/text/lines.ts';
import type { InboxGroup } from '../../core/views/inbox.ts';
import { HOLD } from '../../core/views/inbox.ts';
import type { NeedView } from '../../core/views/status.ts';
import type { HubSettings } from '../../git/remote/hub-store.ts';
import { refactorQueries } from '../../workflows/messages.ts';
import type { AskedGroup, GroupChoice } from './ask-group.ts';
import type { ShowWhole } from './ask-person.ts';
import { showGroups, showHead, showResults } from './show-inbox.ts';
import { showPlan } from './show.ts';
import { signDecision } from './sign-decision.ts';
import { lookAtChanges, lookAtPlan, rivalsOf } from './supervise.ts';

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
  let alone: string | undefined;
  let shown = '';
  for (;;) {
    const now = Date.now();
    const read = await readInbox(client, filter, now);
    const list = showGroups(read.groups, now, process.stdout.columns);
    const working = read.runs.filter(({ state }) => state === 'working').length;
    if (list !== shown) say(`\n${read.items} wait for you in ${read.groups.length} groups, ${working} work\n${list}`);
    shown = list;
    for (const line of showUnasked(read)) say(line);
    const left = read.groups.filter(({ items }) => items.some((item) => !passed.has(keyOf(item))));
    const [next] = left;
    if (!next) return read.items > 0 ? 1 : 0;
    const items = next.items.filter((item) => !passed.has(keyOf(item)));
    const one = items.find((item) => keyOf(item) === alone);
    const group = { ...next, items: one ? [one] : items };
    const choice = await decideShown(sitting, group, now);
    alone = choice === 'first' && items[0] ? keyOf(items[0]) : undefined;
    if (choice === 'quit') return 1;
    // Also what was decided: the card of a run is a moment older than the decision.
    if (choice !== 'first') for (const item of group.items) passed.add(keyOf(item));
  }
}

function keyOf({ run, id, digest }: InboxGroup['items'][number]): string {
  return JSON.stringify([run, id, digest]);
}

/** Shows a group, asks, and sends the reply to all of it. */
async function decideShown(sitting: Sitting, group: InboxGroup, now: number): Promise<GroupChoice['kind']> {
  const { client, by, key, say, ask } = sitting;
  const [first] = group.items;
  const look = first && group.kind !== HOLD ? await lookAtItem(client, first) : undefined;
  if (group.kind !== HOLD && !look) return 'next';
  say(`\n${showHead(group, now)}`);
  const whole = look ? await showDecision(sitting, group, look.need) : undefined;
  if (!look) say(asBlock(group.title));
  const rivals = look ? rivalsOf(look.status, look.need) : [];
  const choice = await ask({ need: look?.need, rivals, count: group.items.length, look: whole });
  if (choice.kind !== 'all') return choice.kind;
  const results = await decideGroup(client, {
    items: group.items,
    shown: look?.need,
    reply: choice.reply,
    by,
    sign: async (id, update, fields) => await signDecision({ client, id, update, fields, key, say }),
  });
  say(showResults(results));
  return 'all';
}

/** Says what is decided, from the bytes of the first; gives what shows the whole of all of them. */
async function showDecision(
  { client, hub, say }: Sitting,
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
