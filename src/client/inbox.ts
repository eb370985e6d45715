/**
 * Reads the inbox of many refactors, shows a group's decision as its runs have it, and decides all of a group.
 * Rule: nothing is decided that was not shown. Just before each message the run is asked again; a decision that is not
 * exactly the shown one is left open, and the message names the digest.
 */
import type { Client } from '@temporalio/client';
import { alikeKey } from '../core/decisions/alike.ts';
import type { MessageFields } from '../core/decisions/messages.ts';
import { digestValue } from '../core/digest.ts';
import { firstLine } from '../core/text/lines.ts';
import type { DecisionKind } from '../core/policy/decision-kinds.ts';
import type { NeedCard } from '../core/views/card.ts';
import type { InboxGroup, InboxItem } from '../core/views/inbox.ts';
import { groupItems, HOLD, listItems } from '../core/views/inbox.ts';
import type { NeedView, RefactorStatus } from '../core/views/status.ts';
import { refactorQueries, updates } from '../workflows/messages.ts';
import type { VerbUpdate } from '../workflows/messages.ts';
import type { FleetFilter, FleetRun } from './fleet.ts';
import { readFleet } from './fleet.ts';
import { findClosed, queryRun, sendVerb } from './refactors.ts';
import { overAll } from './over-all.ts';

export interface Inbox {
  groups: InboxGroup[];
  items: number;
  /** All open runs of the filter. */
  runs: FleetRun[];
  /** Runs that wait, but could not be asked for what: their workers do not answer. */
  unasked: string[];
}

/** What waits in the open runs of a filter. Only runs whose card is missing or full are asked themselves. */
export async function readInbox(client: Client, filter: FleetFilter, now: number): Promise<Inbox> {
  const runs = await readFleet(client, filter, { which: 'open' });
  const ask = runs.filter(({ needs, card }) => needs.length > 0 && (!card || card.more > 0));
  const asked = await overAll(ask, async (run) => await askRun(client, run).catch(() => undefined));
  const unasked = ask.filter((_, index) => asked[index] === undefined).map(({ id }) => id);
  const known = runs.filter((run) => !ask.includes(run) || unasked.includes(run.id));
  const items = [...listItems(known), ...asked.flatMap((found) => found ?? [])];
  return { groups: groupItems(items, now), items: items.length, runs, unasked };
}

async function askRun(client: Client, run: FleetRun): Promise<InboxItem[]> {
  const { id, repository, team, campaign } = run;
  const { needs, goal } = await queryRun(client, id, refactorQueries.status);
  const holds = run.card ? listItems([run]).filter(({ kind }) => kind === HOLD) : [];
  return [...needs.map((need) => ({ ...toCard(need, id), run: id, repository, team, campaign, goal })), ...holds];
}

function toCard(need: NeedView, run: string): NeedCard {
  const { id, kind, risk, openedAt, digest, about, owner } = need;
  const title = firstLine(about);
  const alike = alikeOf(need, run);
  return { id, kind, risk, openedAt, digest, alike, title, blocks: 1, ...(owner === undefined ? {} : { owner }) };
}

/** The key by what the run itself shows. Older runs show four kinds as `scope`, which is like no other then. */
function alikeOf({ id, kind, risk, about, digest, owner }: NeedView, run: string): string {
  const own = owner === undefined ? {} : { owner };
  return alikeKey({ id, kind: kind as DecisionKind, risk, about, digest, ...own }, run);
}

/** What names an item: all that a reply to it needs. */
export type ItemKey = Pick<InboxItem, 'run' | 'id' | 'kind' | 'digest' | 'alike' | 'owner'>;

/** How many wait, and how many of the open runs work. */
export function describeCount(items: number, groups: number, { runs }: Inbox): string {
  const working = runs.filter(({ state }) => state === 'working').length;
  const alike = groups < items ? `, alike ones as one: ${groups}` : '';
  return `${items} ${items === 1 ? 'waits' : 'wait'} for you${alike}; ${working} of ${runs.length} open runs work`;
}

/** A decision as its run shows it now, with the run's status; undefined if it is not open any more. */
export async function lookAtItem(
  client: Client,
  { run, id, digest }: ItemKey,
): Promise<{ need: NeedView; status: RefactorStatus } | undefined> {
  const status = await queryRun(client, run, refactorQueries.status);
  const need = status.needs.find((one) => one.id === id && one.digest === digest);
  return need && { need, status };
}

/** What a person replies to every decision of a group. */
export interface GroupReply {
  update: VerbUpdate<'approve' | 'reject' | 'answer' | 'choose' | 'resume'>;
  fields?: object;
}

/** Signs a message where it has to be signed. */
export type Sign = (
  run: string,
  update: VerbUpdate<'approve' | 'reject' | 'answer' | 'choose' | 'resume'>,
  fields: MessageFields<'approve'>,
) => Promise<MessageFields<'approve'>>;

/** What became of the reply at one item. `left`: it was not sent, since the decision is not the shown one. */
export interface GroupResult {
  item: ItemKey;
  kind: 'applied' | 'forwarded' | 'refused' | 'left';
  detail: string;
}

/** The digest of what a person sees of a decision: its words, and what each answer does. */
export function digestShown({ about, does }: NeedView): string {
  return digestValue({ about, does: does ?? null });
}

/** Results as lines: equal ones are one line, with the names of their runs. */
export function describeResults(results: readonly GroupResult[]): { text: string; runs: string[] }[] {
  const lines = Map.groupBy(results, ({ kind, detail }) => `${kind === 'left' ? 'not decided' : kind}: ${detail}`);
  return [...lines].map(([text, same]) => ({ text, runs: [...new Set(same.map(({ item }) => item.run))] }));
}

/**
 * Sends one reply to all of these items. `shown` is the digest of what the person saw: none of a hold, whose title is
 * all of it.
 */
export async function decideGroup(
  client: Client,
  {
    items,
    shown,
    reply,
    by,
    sign,
  }: {
    items: readonly ItemKey[];
    shown: string | undefined;
    reply: GroupReply;
    by: string;
    sign?: Sign;
  },
): Promise<GroupResult[]> {
  return await overAll(items, async (item): Promise<GroupResult> => {
    try {
      const problem = shown === undefined ? undefined : await describeDifferent(client, item, shown);
      if (problem !== undefined) return { item, kind: 'left', detail: problem };
      const bound = item.kind === HOLD ? {} : bindTo(item, reply.update);
      const fields = { ...bound, ...reply.fields, by } as MessageFields<'approve'>;
      const message = sign ? await sign(item.run, reply.update, fields) : fields;
      const to = item.kind === HOLD ? (item.owner ?? item.run) : item.run;
      const { kind, detail } = await sendVerb(client, to, reply.update as VerbUpdate<'approve'>, message);
      const closed = kind === 'refused' && item.kind !== HOLD ? await findClosed(client, item.run, item) : undefined;
      return { item, kind, detail: closed === undefined ? detail : `${detail} (${closed})` };
    } catch (error) {
      return { item, kind: 'refused', detail: error instanceof Error ? error.message : String(error) };
    }
  });
}

/** Why an item is not what was shown, or by whom it was decided; undefined if it is open and the same. */
export async function describeDifferent(client: Client, item: ItemKey, shown: string): Promise<string | undefined> {
  const need = (await lookAtItem(client, item))?.need;
  if (!need) return `${item.id}: ${(await findClosed(client, item.run, item)) ?? 'it is about something else now'}`;
  const isSame = alikeOf(need, item.run) === item.alike && digestShown(need) === shown;
  return isSame ? undefined : `${item.id} is not the same as what was shown: look at it by itself`;
}

/** The fields that bind a reply to the decision that was shown: its id, and where it is a verdict the digest. */
export function bindTo({ id, digest }: Pick<NeedView, 'id' | 'digest'>, { name }: GroupReply['update']): object {
  if (name === updates.choose.name) return {};
  return name === updates.answer.name ? { question: id } : { decision: id, digest };
}
