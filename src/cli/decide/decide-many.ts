/**
 * Approves or answers what is open in many runs: each group of alike decisions is shown, then all are decided.
 * Rule: nothing is decided that was not shown, and each message is bound to its digest or question.
 */
import type { FleetFilter } from '../../client/fleet.ts';
import { describeDifferent, digestShown, lookAtItem, readInbox } from '../../client/inbox.ts';
import { overAll } from '../../client/over-all.ts';
import type { InboxGroup } from '../../core/views/inbox.ts';
import { HOLD } from '../../core/views/inbox.ts';
import { updates } from '../../workflows/messages.ts';
import type { ManyOptions } from '../command/many.ts';
import { filterOf, sendBulk } from '../command/many.ts';
import { showGroups, showHead } from '../person/show-inbox.ts';
import { showDecision } from '../person/sit-inbox.ts';
import type { Stack } from '../stack/open-stack.ts';
import { StackError, withStack } from '../stack/open-stack.ts';

/** Kinds that an approval does not decide. */
const OTHERS: readonly string[] = ['question', 'choice', HOLD];

export interface DecidingMany {
  verb: 'approve' | 'answer';
  /** The fields that all get: a note, or the words of an answer. */
  fields: Record<string, unknown>;
  /** Only decisions with this id. */
  named: string | undefined;
  options: ManyOptions;
}

export async function decideMany({ verb, fields, named, options }: DecidingMany): Promise<number> {
  return await withStack(async ({ client }, config) => {
    const groups = await findGroups(client, filterOf(options), verb, named);
    if (verb === 'answer' && groups.length > 1)
      throw new StackError(
        `these are ${groups.length} different questions: name one with --question, or answer them in cox inbox\n${showGroups(groups, Date.now())}`,
      );
    const targets = await Promise.all(
      groups.map(async (group) => await listShown({ client, hub: config }, group, verb)),
    );
    const message = { ...fields, by: options.by ?? config.user };
    const { taskQueue } = config;
    return await sendBulk({ client, taskQueue, update: updates[verb], message, targets: targets.flat(), options });
  });
}

async function findGroups(
  client: Stack['client'],
  filter: FleetFilter,
  verb: string,
  named: string | undefined,
): Promise<InboxGroup[]> {
  const { groups } = await readInbox(client, filter, Date.now());
  return groups.flatMap((group) => {
    const isMeant = verb === 'answer' ? group.kind === 'question' : !OTHERS.includes(group.kind);
    const items = group.items.filter(({ id }) => named === undefined || id === named);
    return isMeant && items.length > 0 ? [{ ...group, items }] : [];
  });
}

/** Shows a group; gives the targets of its items that are exactly what was shown. */
async function listShown(
  { client, hub }: Pick<Parameters<typeof showDecision>[0], 'client' | 'hub'>,
  group: InboxGroup,
  verb: string,
): Promise<{ workflow: string; input: object }[]> {
  const [first] = group.items;
  const look = first && (await lookAtItem(client, first));
  if (!look) return [];
  // Said at once, since several groups are read at the same time.
  const lines = [`\n${showHead(group, Date.now())}`];
  await showDecision({ client, hub, say: (line) => lines.push(line) }, group, look.need);
  const shown = digestShown(look.need);
  const targets = await overAll(group.items, async (item) => {
    const problem = await describeDifferent(client, item, shown).catch((error: unknown) => String(error));
    if (problem !== undefined) lines.push(`  ${item.run}: left out: ${problem}`);
    const input = verb === 'answer' ? { question: item.id } : { decision: item.id, digest: item.digest };
    return problem === undefined ? [{ workflow: item.run, input }] : [];
  });
  console.log(lines.join('\n'));
  return targets.flat();
}
