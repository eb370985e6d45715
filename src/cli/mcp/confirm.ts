/**
 * Asks the person at an MCP client to confirm a message, by elicitation.
 * Rule: a confirmation is for exactly the message that this server showed. It is good for some minutes, and counts once
 * at its run.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type {
  CallToolResult,
  ClientCapabilities,
  InputRequiredResult,
  McpServer,
  ServerContext,
} from '@modelcontextprotocol/server';
import {
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { digestValue } from '../../core/digest.ts';
import type { ToolContext } from './tool-context.ts';
import { refusal } from './tool-context.ts';
import type { Matter } from './matter.ts';
import { typedCommand, showMatter } from './matter.ts';

/** Longer texts can't be read in a form: such a thing is decided in a terminal or on the pages. */
const MAX_TEXT = 30_000;
/** For a person who is at their client now. */
const VALID_SECONDS = 600;
const CONFIRM = 'confirm';

/** What a confirmation is for. `id` becomes the message's id, under which a run counts it once. */
interface Asked {
  id: string;
  matter: string;
}

/** Mints and checks what was asked: the key lives as long as the process. */
export function createConfirmations() {
  return createRequestStateCodec<Asked>({ key: randomBytes(32), ttlSeconds: VALID_SECONDS });
}
export type Confirmations = ReturnType<typeof createConfirmations>;

export type Confirmation =
  | { kind: 'yes'; id: string }
  | { kind: 'not yet'; result: CallToolResult | InputRequiredResult };

/** The person's yes to a message; otherwise what the tool answers. */
export async function confirm(
  context: ToolContext,
  codec: Confirmations,
  server: McpServer,
  ctx: ServerContext,
  matter: Matter,
): Promise<Confirmation> {
  const command = typedCommand(context, matter);
  const no = (reason: string): Confirmation => ({
    kind: 'not yet',
    result: refusal(`${reason}. A person can send it by: ${command}`),
  });
  const { run, verb, rules } = matter;
  if (rules.signatures === 'required')
    return no(`policy of ${run} counts only a person's signature for this (decisions.signatures)`);
  if (!canAsk(server, ctx))
    return no(`policy of ${run} leaves this to people, and this client can't ask its person (no form elicitation)`);
  const digest = digestOf(matter);
  const asked = ctx.mcpReq.requestState<Asked>();
  if (asked === undefined) {
    const message = await showMatter(context, matter);
    if (message.length > MAX_TEXT) return no('this is too long to be shown in a form');
    return { kind: 'not yet', result: await ask(codec, ctx, { verb, run, message, digest }) };
  }
  const { matter: shown, id } = asked;
  if (shown !== digest) return no('what was confirmed is not what is sent now: look at it again');
  const reply = inputResponse(ctx.mcpReq.inputResponses, CONFIRM);
  if (reply.kind !== 'elicit' || reply.action !== 'accept' || reply.content?.['confirm'] !== true)
    return no('the person did not confirm it');
  return { kind: 'yes', id };
}

async function ask(
  codec: Confirmations,
  ctx: ServerContext,
  { verb, run, message, digest }: { verb: string; run: string; message: string; digest: string },
): Promise<InputRequiredResult> {
  const requestedSchema = z.object({ confirm: z.boolean().describe(`Yes: ${verb} ${run}, as shown above`) });
  return inputRequired({
    inputRequests: { [CONFIRM]: inputRequired.elicit({ message, requestedSchema }) },
    requestState: await codec.mint({ id: `mcp-${randomUUID()}`, matter: digest }, ctx),
  });
}

/** Everything that a message says, and to whom. */
function digestOf({ verb, run, fields, need }: Matter): string {
  return digestValue({ verb, run, fields, about: need?.digest ?? null });
}

/** Newer clients say with each request what they can do, older ones once at the start. */
type Envelope = Partial<Record<typeof CLIENT_CAPABILITIES_META_KEY, ClientCapabilities>> | undefined;

/** Whether the client can show a form to its person. An empty capability means forms. */
function canAsk({ server }: McpServer, ctx: ServerContext): boolean {
  const declared = (ctx.mcpReq.envelope as Envelope)?.[CLIENT_CAPABILITIES_META_KEY] ?? server.getClientCapabilities();
  const { elicitation } = declared ?? {};
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}
