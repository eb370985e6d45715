/**
 * Does what a key on the full screen asks for: sends a message, or shows a difference or a conversation in the pager.
 * Rule: a reply is bound to the digest of what the panel showed, and signed where policy wants that.
 */
import type { Client } from '@temporalio/client';
import { bindTo } from '../../client/inbox.ts';
import { queryRun } from '../../client/refactors.ts';
import type { MessageFields, Verb } from '../../core/decisions/messages.ts';
import type { NeedView } from '../../core/views/status.ts';
import type { HubSettings } from '../../git/remote/hub-store.ts';
import type { VerbUpdate } from '../../workflows/messages.ts';
import { refactorQueries, updates } from '../../workflows/messages.ts';
import { findDifference, findDifferenceOf, showDifference, showStat } from '../../client/difference.ts';
import { findRun, openRunStore } from '../../client/find-run.ts';
import { page } from '../person/page.ts';
import { readConversationOf } from '../../client/read-conversation.ts';
import { showConversation } from '../../core/views/show-conversation.ts';
import { showPlan } from '../person/show.ts';
import { sendSigned } from '../person/sign-decision.ts';
import type { Wish } from './ui.ts';

/** Whose run it is, and who does it. */
export interface Doing {
  client: Client;
  id: string;
  by: string;
  key?: string | undefined;
  hub: HubSettings;
}

/** The whole of what a decision is about, where its own text has less: a plan, or a delivery's statistics. */
export async function readWhole({ client, id, hub }: Doing, need: NeedView): Promise<string | undefined> {
  if (need.kind === 'plan') {
    const plan = await queryRun(client, id, refactorQueries.plan);
    return plan ? showPlan(plan.plan, 'whole') : undefined;
  }
  if (need.kind !== 'delivery') return undefined;
  const changed = await findDifferenceOf(client, hub, id, need);
  return changed && `${need.about}\n\n${await showStat(changed)}`;
}

/** Does it; what became of it, as a line for people. */
export async function perform(doing: Doing, wish: Exclude<Wish, { do: 'leave' }>): Promise<string> {
  switch (wish.do) {
    case 'difference':
      return await showChanges(doing, wish);
    case 'conversation':
      return await showWords(doing, wish.agent);
    case 'approve':
      return await send(doing, updates.approve, bindTo(wish.need, updates.approve));
    case 'reject':
      return await send(doing, updates.reject, {
        ...bindTo(wish.need, updates.reject),
        ...(wish.text === '' ? {} : { note: wish.text }),
      });
    case 'answer':
      return await send(doing, updates.answer, { ...bindTo(wish.need, updates.answer), text: wish.text });
    case 'choose':
      return await send(doing, updates.choose, { agent: wish.agent });
    case 'steer': {
      const { text, interrupt, task } = wish;
      return await send(doing, updates.steer, {
        text,
        ...(interrupt ? { interrupt } : {}),
        ...(task === undefined ? {} : { to: task }),
      });
    }
    case 'pause':
      return await send(doing, updates.pause, wish.text === '' ? {} : { reason: wish.text });
    case 'resume':
      return await send(doing, updates.resume, {});
  }
}

async function send<V extends Verb>(
  { client, id, by, key }: Doing,
  update: VerbUpdate<V>,
  fields: Omit<MessageFields<V>, 'by' | 'id'>,
): Promise<string> {
  const message = { ...fields, by } as MessageFields<V>;
  const { kind, detail } = await sendSigned({ client, id, update, fields: message, key, say: console.error });
  return `${kind}: ${detail}`;
}

async function showChanges(
  { client, id, hub }: Doing,
  { row, need }: Extract<Wish, { do: 'difference' }>,
): Promise<string> {
  if (need?.kind === 'plan') {
    const plan = await queryRun(client, id, refactorQueries.plan);
    if (plan) await page(`${showPlan(plan.plan, 'whole')}\n`, 'stays');
    return '';
  }
  const changed = need
    ? await findDifferenceOf(client, hub, id, need)
    : await findDifference(client, hub, id, row?.agent ?? row?.task);
  if (!changed) return 'that decision is about no files';
  await page(await showDifference(changed), 'stays');
  return '';
}

async function showWords({ client, id, hub }: Doing, agent: string | undefined): Promise<string> {
  if (agent === undefined) return 'no agent has begun there: go to another row';
  const { status } = await findRun(client, id, agent);
  const store = await openRunStore(hub, status);
  const checkpoints = await readConversationOf(client, store, agent);
  await page(`${showConversation(checkpoints, 'folded')}\n`, 'stays');
  return '';
}
