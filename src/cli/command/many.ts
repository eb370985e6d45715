/**
 * Commands that send one message to many runs: `cox steer --team blue '…'` in place of `cox steer <id> '…'`.
 * Rule: who is touched is shown first, and a person says yes. The workflow `bulk` sends it, so that it goes on when
 * this command or a worker ends.
 */
import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { startBulk } from '../../client/bulk.ts';
import type { FleetFilter } from '../../client/fleet.ts';
import { readFleet } from '../../client/fleet.ts';
import { overAll } from '../../client/over-all.ts';
import type { BulkReceipt, BulkTarget, BulkVerb } from '../../core/decisions/bulk.ts';
import { MAX_TARGETS } from '../../core/decisions/bulk.ts';
import type { MessageFields } from '../../core/decisions/messages.ts';
import { asLine as safe } from '../../core/text/lines.ts';
import type { VerbUpdate } from '../../workflows/messages.ts';
import { atTerminal, askKeys } from '../person/ask-person.ts';
import { showList } from '../person/show-fleet.ts';
import { signDecision } from '../person/sign-decision.ts';
import { StackError, withStack } from '../stack/open-stack.ts';
import type { Action } from './action.ts';
import { addFilters } from './filters.ts';
import type { SendOptions } from './verb.ts';

export interface ManyOptions extends SendOptions, FleetFilter {
  yes?: boolean;
}

const FILTERS = ['team', 'campaign', 'repository', 'state', 'needs', 'query'] as const satisfies (keyof FleetFilter)[];

type Words = (string | undefined)[];

/** What a command does with its words: for the run `id`, or for all runs of a filter. */
interface Doing<O> {
  one: (id: string, words: Words, options: O) => Promise<number>;
  many: (words: Words, options: O) => Promise<number>;
}

/** Gives a command that takes an id first the options of a filter. With one of these it takes no id. */
export function takeOneOrMany<O extends ManyOptions>(command: Command, action: Action, { one, many }: Doing<O>): void {
  addFilters(command).option('--yes', 'with a filter in place of the id it goes to all that fit: do not ask before');
  let isMany = false;
  const dropId = (): void => {
    if (!isMany) (command.registeredArguments as unknown[]).shift();
    isMany = true;
  };
  for (const name of FILTERS) command.on(`option:${name}`, dropId);
  command.action(
    action(async (...args: unknown[]) => {
      const words = args.slice(0, -2) as Words;
      const options = args.at(-2) as O;
      if (isMany) return await many(words, options);
      const [id = '', ...rest] = words;
      return await one(id, rest, options);
    }),
  );
}

/** The filter in a command's options. */
export function filterOf(options: FleetFilter): FleetFilter {
  return Object.fromEntries(FILTERS.map((name) => [name, options[name]]));
}

/** Sends the same message to all open runs of a filter, after a person said yes. */
export async function sendToMany<V extends BulkVerb>(
  update: VerbUpdate<V>,
  fields: Omit<MessageFields<V>, 'by' | 'id'>,
  options: ManyOptions,
): Promise<number> {
  return await withStack(async ({ client }, config) => {
    const open = await readFleet(client, filterOf(options), { which: 'open' });
    const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
    console.log(showList({ open, ended: [], now: Date.now(), columns }));
    const targets = open.map(({ id }) => ({ workflow: id, input: {} }));
    const message = { ...fields, by: options.by ?? config.user };
    return await sendBulk({ client, taskQueue: config.taskQueue, update, message, targets, options });
  });
}

export interface Bulk<V extends BulkVerb> {
  client: Client;
  taskQueue: string;
  update: VerbUpdate<V>;
  /** The fields that all targets get. */
  message: Record<string, unknown>;
  targets: readonly { workflow: string; input: object }[];
  options: ManyOptions;
}

/** Asks, signs what has to be signed, starts the bulk and waits for its receipts. */
export async function sendBulk<V extends BulkVerb>(bulk: Bulk<V>): Promise<number> {
  const { client, taskQueue, update, message, targets, options } = bulk;
  if (options.messageId !== undefined)
    throw new StackError('--message-id is for one run: a bulk has ids of its own, so that each message counts once');
  if (targets.length === 0) {
    console.log('no run fits, so nothing is sent');
    return 1;
  }
  if (targets.length > MAX_TARGETS) throw new StackError(`${targets.length} fit, more than ${MAX_TARGETS}: narrow it`);
  if (!options.yes && !(await isWanted(`${update.name} to these ${targets.length}`))) return 1;
  const signed = await signAll(bulk);
  const id = `bulk-${randomBytes(4).toString('hex')}`;
  const handle = await startBulk(client, {
    id,
    taskQueue,
    input: { verb: update.name, input: message, targets: signed },
  });
  console.log(`${id} sends it, and goes on without this command:  temporal workflow result --workflow-id ${id}`);
  const { applied, refused, receipts } = await handle.result();
  console.log(`${applied} of ${applied + refused} took it`);
  console.log(showReceipts(receipts));
  return refused > 0 ? 1 : 0;
}

async function isWanted(what: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.error('nothing was sent: look at the list, then send it with --yes');
    return false;
  }
  const keys = [
    { key: 'y', does: `yes: ${what}`, reply: () => Promise.resolve({ yes: true }) },
    { key: 'n', does: 'no: nothing is sent', reply: () => Promise.resolve({ yes: false }) },
  ];
  const reply = await atTerminal(async (read) => await askKeys(read, what, keys));
  return reply?.yes === true;
}

async function signAll<V extends BulkVerb>({
  client,
  update,
  message,
  targets,
  options,
}: Bulk<V>): Promise<BulkTarget[]> {
  const key = options.signWith;
  const say = (): void => undefined;
  return await overAll(targets, async ({ workflow, input }) => {
    const fields = { ...message, ...input } as MessageFields<V>;
    // A pause needs no signature; a run that can't be asked says by its receipt what is missing.
    const isPlain = update.name === 'pause' && key === undefined;
    const sign = async () => await signDecision({ client, id: workflow, update, fields, key, say });
    const sent = isPlain ? fields : await sign().catch(() => fields);
    // What all get is said once.
    const own = Object.entries(sent).filter(([name]) => !(name in message));
    return { workflow, input: Object.fromEntries(own) };
  });
}

/** Equal receipts as one line. */
function showReceipts(receipts: readonly BulkReceipt[]): string {
  const lines = Map.groupBy(receipts, ({ kind, detail }) => `${kind}: ${safe(detail)}`);
  return [...lines]
    .map(([text, same]) => `  ${text}  (${same.length}: ${same.map(({ workflow }) => safe(workflow)).join(', ')})`)
    .join('\n');
}
