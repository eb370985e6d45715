/**
 * The tools that send messages: one for each verb, with the verb's own words and fields.
 * Rule: the actor sends by itself only what `matter.ts` allows. Everything else a person confirms, in their own name.
 */
import type { CallToolResult, InputRequiredResult, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { sendVerb } from '../../client/refactors.ts';
import type { MessageFields, Verb } from '../../core/decisions/messages.ts';
import { MESSAGE_SCHEMAS, VERBS } from '../../core/decisions/messages.ts';
import { VERB_NOTES } from '../../core/decisions/message-notes.ts';
import { asLine as safe } from '../../core/text/lines.ts';
import type { VerbUpdate } from '../../workflows/messages.ts';
import { updates } from '../../workflows/messages.ts';
import { sendSigned } from '../person/sign-decision.ts';
import type { Confirmations, ToolCall } from './confirm.ts';
import { confirm } from './confirm.ts';
import type { ToolContext } from './tool-context.ts';
import { toolText, guard, refusal } from './tool-context.ts';
import type { Fields, Matter } from './matter.ts';
import { readMatter, showMatter, typedCommand } from './matter.ts';

/** Fields of every message that this server sets itself. */
const OWN_FIELDS: readonly string[] = ['by', 'id', 'requestedBy', 'signature', 'signer', 'expiresAt'];
/** Fields that a tool needs, although a person may leave them out: without them nothing says what was looked at. */
const BOUND: Partial<Record<Verb, readonly string[]>> = {
  approve: ['decision', 'digest'],
  reject: ['decision', 'digest'],
  answer: ['question'],
};

export const RUN = z.string().min(1).max(1000).describe('the id of a refactor, or of one of its agents');

/** Fields of an input without those that this server sets itself. */
export function fieldsOfTool(shape: Readonly<Record<string, z.ZodType>>): [string, z.ZodType][] {
  return Object.entries(shape).filter(([name]) => !OWN_FIELDS.includes(name));
}

/** A verb's input as a tool takes it. */
function inputOf(verb: Verb): z.ZodObject {
  const fields = fieldsOfTool(MESSAGE_SCHEMAS[verb].shape).map(([name, schema]) => [
    name,
    BOUND[verb]?.includes(name) ? z.nonoptional(schema) : schema,
  ]);
  return z.strictObject({ run: RUN, ...(Object.fromEntries(fields) as Record<string, z.ZodType>) });
}

export function addMessageTools(server: McpServer, context: ToolContext, confirmations: Confirmations): void {
  for (const verb of VERBS) {
    const config = { description: VERB_NOTES[verb].does, inputSchema: inputOf(verb) };
    server.registerTool(verb, config, async ({ run, ...fields }, ctx) =>
      guard(async () => await send({ server, context, confirmations, ctx }, verb, String(run), fields)),
    );
  }
}

async function send(
  call: ToolCall,
  verb: Verb,
  run: string,
  said: Fields,
): Promise<CallToolResult | InputRequiredResult> {
  const { context } = call;
  const matter = await readMatter(context, verb, run, said);
  if (matter.who !== 'people') {
    if (matter.need && !context.shown.has(run, matter.need))
      return refusal(`look at ${matter.need.id} first: the tool decision shows it whole, with its digest`);
    return await deliver(context, matter, { by: context.actor });
  }
  const { fields, need, rules } = matter;
  const isSigned = rules.signatures === 'required';
  const confirmed = await confirm(call, {
    what: `${verb} ${run}`,
    said: { verb, run, fields, about: need?.digest ?? null },
    show: async () => await showMatter(context, matter),
    command: typedCommand(context, matter),
    problem: isSigned ? `policy of ${run} counts only a person's signature for this (decisions.signatures)` : undefined,
  });
  if (confirmed.kind === 'not yet') return confirmed.result;
  return await deliver(context, matter, { by: context.user, id: confirmed.id });
}

/** Sends a message. What the actor sends is signed with its own key where policy lists approvers; a person's never. */
async function deliver(
  { client, key, actor }: ToolContext,
  { verb, run, fields, rules }: Matter,
  sender: { by: string; id?: string },
): Promise<CallToolResult> {
  const update = updates[verb] as VerbUpdate<Verb>;
  const message = { ...fields, ...sender } as MessageFields<Verb>;
  const isSigned = key !== undefined && rules.approvers !== null && sender.by === actor;
  const sent = isSigned
    ? await sendSigned({ client, id: run, update, fields: message, key, say: () => undefined })
    : await sendVerb(client, run, update, message);
  const text = `${sent.kind}, by ${sender.by}: ${safe(sent.detail)} (receipt ${safe(sent.receipt)})`;
  return sent.kind === 'refused' ? refusal(text) : toolText(text);
}
