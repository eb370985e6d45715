/**
 * The tools that look: lists, the inbox, one decision whole, conversations, differences, and every query of a run.
 * Rule: they change nothing, and their texts are those of the command of the same name.
 */
import type { CallToolResult, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { findDifference, showDifference, showStat } from '../../client/difference.ts';
import { findRun, openRunStore } from '../../client/find-run.ts';
import type { FleetFilter } from '../../client/fleet.ts';
import { readFleet } from '../../client/fleet.ts';
import { readInbox } from '../../client/inbox.ts';
import { listAgentIds } from '../../client/list-agents.ts';
import { readConversationOf } from '../../client/read-conversation.ts';
import { ClientFailure } from '../../client/client-failure.ts';
import { QUERY_NOTES } from '../../core/decisions/message-notes.ts';
import { asBlock, asLine as safe, clip } from '../../core/text/lines.ts';
import { findStep, showConversation } from '../../core/views/show-conversation.ts';
import { showList } from '../person/show-fleet.ts';
import { showLines } from '../person/show-inbox.ts';
import { showUnasked } from '../person/sit-inbox.ts';
import { ENDED_SHOWN } from '../watch/list.ts';
import { showQuery } from '../watch/queries.ts';
import type { ToolContext } from './tool-context.ts';
import { toolText, guard } from './tool-context.ts';
import { RUN } from './message-tools.ts';
import { findNeed, showNeed, showNeedsDifference } from './show-decision.ts';

/** Characters of one answer; a client's model reads no more at once. */
const MAX_TEXT = 100_000;

const agent = z.string().min(1).max(1000).optional().describe('a task, or an agent such as lib.1');
const FILTER = z.strictObject({
  team: z.string().optional(),
  campaign: z.string().optional(),
  repository: z.string().optional().describe('a part of its address'),
  state: z.string().optional().describe('such as working'),
});

export function addLookTools(server: McpServer, context: ToolContext): void {
  const { client, hub } = context;
  const look = <S extends z.ZodObject>(
    name: string,
    description: string,
    inputSchema: S,
    read: (input: z.output<S>) => Promise<string>,
  ): void => {
    const body = async (input: z.output<S>): Promise<CallToolResult> =>
      await guard(async () => toolText(cut(await read(input))));
    server.registerTool(name, { description, inputSchema, annotations: { readOnlyHint: true } }, body as never);
  };
  look('list', context.describe('list'), FILTER, async (filter) => await list(context, filter));
  look('inbox', context.describe('inbox'), FILTER, async (filter) => await inbox(context, filter));
  look(
    'decision',
    'an open decision whole, with what each answer does and its digest, by which it is decided',
    z.strictObject({ run: RUN, decision: z.string().min(1).max(1000) }),
    async ({ run, decision }) => await readDecision(context, run, decision),
  );
  look(
    'show',
    context.describe('show'),
    z.strictObject({ run: RUN, agent, step: z.int().min(0).optional() }),
    async (of) => await show(context, of),
  );
  look(
    'diff',
    context.describe('diff'),
    z.strictObject({ run: RUN, agent, stat: z.boolean().optional().describe('files and counts of lines only') }),
    async ({ run, agent: name, stat }) => {
      const difference = await findDifference(client, hub, run, name);
      return asBlock(await (stat ? showStat : showDifference)(difference), '');
    },
  );
  for (const name of Object.keys(QUERY_NOTES) as (keyof typeof QUERY_NOTES)[])
    look(name, QUERY_NOTES[name], z.strictObject({ run: RUN }), async ({ run }) => await showQuery(client, run, name));
}

function cut(text: string): string {
  const { kept, left } = clip(text, MAX_TEXT);
  return left > 0 ? `${kept}\n… ${left} more characters` : kept;
}

async function list({ client }: ToolContext, filter: FleetFilter): Promise<string> {
  const [open, ended] = await Promise.all([
    readFleet(client, filter, { which: 'open' }),
    readFleet(client, filter, { which: 'ended', most: ENDED_SHOWN }),
  ]);
  return showList({ open, ended, now: Date.now() });
}

async function inbox({ client }: ToolContext, filter: FleetFilter): Promise<string> {
  const read = await readInbox(client, filter, Date.now());
  const lines = [...showLines(read.groups, Date.now()), ...showUnasked(read)];
  return lines.length > 0 ? lines.join('\n') : 'nothing waits';
}

/** Shows a decision, and remembers that it was shown. */
export async function readDecision(context: ToolContext, run: string, decision: string): Promise<string> {
  const need = await findNeed(context, run, decision);
  const text = await showNeed(context, run, need);
  const difference = await showNeedsDifference(context, run, need);
  context.shown.add(run, need);
  return [text, ...(difference === undefined ? [] : [difference])].join('\n');
}

async function show(
  { client, hub }: ToolContext,
  { run, agent: name, step }: { run: string; agent?: string | undefined; step?: number | undefined },
): Promise<string> {
  const found = await findRun(client, run, name);
  const store = await openRunStore(hub, found.status);
  const agents = found.agent === undefined ? await listAgentIds(client, found.status.id) : [found.agent];
  const texts: string[] = [];
  for (const one of agents) {
    const all = await readConversationOf(client, store, one);
    const steps = step === undefined ? all : findStep(all, step);
    if (steps.length === 0) throw new ClientFailure('bad-input', `${one} has no step ${step ?? ''}`);
    texts.push(`${safe(one)}\n${showConversation(steps, step === undefined ? 'folded' : 'whole')}`);
  }
  return texts.length > 0 ? texts.join('\n\n') : 'no agent has begun';
}
