/**
 * An approval or rejection that names no decision: shows the open one, and asks the person at the terminal.
 * Rule: only what was just shown is decided; without a terminal nothing is.
 */
import type { Client } from '@temporalio/client';
import { queryRun } from '../../client/refactors.ts';
import type { HubSettings } from '../../git/remote/hub-store.ts';
import type { VerbUpdate } from '../../workflows/messages.ts';
import { runQueries } from '../../workflows/messages.ts';
import type { SendOptions } from '../command/verb.ts';
import { askPerson } from '../person/ask-person.ts';
import { decideOne } from '../person/supervise.ts';
import { rivalsOf } from '../../core/views/read-status.ts';
import { withStack } from '../stack/open-stack.ts';

/** What a command that takes a decision says of it. */
export const OPEN_ONE = 'its id; without it the open one is shown, and you are asked';

export interface VerdictOptions extends SendOptions {
  digest?: string;
  note?: string;
}

/** Asks about the only open decision of a run; undefined if none is open: then the run's own refusal says so. */
export async function askVerdict(
  { name: verb }: VerbUpdate<'approve' | 'reject'>,
  id: string,
  { by, signWith: key }: SendOptions,
): Promise<number | undefined> {
  return await withStack(
    async ({ client }, hub) => await decideShown(client, { id, by: by ?? hub.user, verb, key, hub }),
  );
}

async function decideShown(
  client: Client,
  { id, by, verb, key, hub }: { id: string; by: string; verb: string; key: string | undefined; hub: HubSettings },
): Promise<number | undefined> {
  const status = await queryRun(client, id, runQueries.status);
  const open = status.needs.filter(({ kind }) => kind !== 'question');
  const [need] = open;
  if (!need) return undefined;
  if (open.length > 1) {
    console.error(`refused: several decisions are open, name one: ${open.map((other) => other.id).join(', ')}`);
    return 1;
  }
  const decide = process.stdin.isTTY ? { decide: askPerson } : {};
  const rivals = 'tasks' in status ? rivalsOf(status, need) : [];
  const isSent = await decideOne({ client, id, by, key, hub, say: console.log, ...decide }, need, rivals);
  if (!process.stdin.isTTY) console.error(`refused: say which decision you looked at: cox ${verb} ${id} ${need.id}`);
  return isSent ? 0 : 1;
}
