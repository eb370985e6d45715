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

/** Longer texts can't be read in a form: such a thing is decided in a terminal or on the pages. */
const MAX_TEXT = 30_000;
/** For a person who is at their client now. */
const VALID_SECONDS = 600;
const CONFIRM = 'confirm';

/** What a confirmation is for. `id` becomes the message's id, under which a run counts it once. */
interface Asked {
  id: string;
  digest: string;
}

/** Mints and checks what was asked: the key lives as long as the process. */
export function createConfirmations() {
  return createRequestStateCodec<Asked>({ key: randomBytes(32), ttlSeconds: VALID_SECONDS });
}
export type Confirmations = ReturnType<typeof createConfirmations>;

export type Confirmation =
  | { kind: 'yes'; id: string }
  | { kind: 'not yet'; result: CallToolResult | InputRequiredResult };

/** What a person is asked to confirm. */
export interface Asking {
  /** What it does to what, in a few words. */
  what: string;
  /** Everything that is sent, and to whom. */
  said: unknown;
  show: () => Promise<string>;
  /** The command with which a person sends the same. */
  command: string;
  /** Why no client's form is enough. */
  problem?: string | undefined;
}

/** A tool call, and what its server shares with others. */
export interface ToolCall {
  context: ToolContext;
  confirmations: Confirmations;
  server: McpServer;
  ctx: ServerContext;
}

/** The person's yes; otherwise what the tool answers. */
export async function confirm(
  { confirmations, server, ctx }: Omit<ToolCall, 'context'>,
  { what, said, show, command, problem }: Asking,
): Promise<Confirmation> {
  const no = (reason: string): Confirmation => ({
    kind: 'not yet',
    result: refusal(`${reason}. A person can send it by: ${command}`),
  });
  if (problem !== undefined) return no(problem);
  if (!canAsk(server, ctx))
    return no(`a person decides this, and this client can't ask its person (no form elicitation)`);
  const digest = digestValue(said);
  const asked = ctx.mcpReq.requestState<Asked>();
  if (asked === undefined) {
    const message = await show();
    if (message.length > MAX_TEXT) return no('this is too long to be shown in a form');
    const requestedSchema = z.object({ confirm: z.boolean().describe(`Yes: ${what}, as shown above`) });
    const result = inputRequired({
      inputRequests: { [CONFIRM]: inputRequired.elicit({ message, requestedSchema }) },
      requestState: await confirmations.mint({ id: `mcp-${randomUUID()}`, digest }, ctx),
    });
    return { kind: 'not yet', result };
  }
  if (asked.digest !== digest) return no('what was confirmed is not what is sent now: look at it again');
  const reply = inputResponse(ctx.mcpReq.inputResponses, CONFIRM);
  if (reply.kind !== 'elicit' || reply.action !== 'accept' || reply.content?.['confirm'] !== true)
    return no('the person did not confirm it');
  return { kind: 'yes', id: asked.id };
}

/** Newer clients say with each request what they can do, older ones once at the start. */
type Envelope = Partial<Record<typeof CLIENT_CAPABILITIES_META_KEY, ClientCapabilities>> | undefined;

/** Whether the client can show a form to its person. An empty capability means forms. */
function canAsk({ server }: McpServer, ctx: ServerContext): boolean {
  const declared = (ctx.mcpReq.envelope as Envelope)?.[CLIENT_CAPABILITIES_META_KEY] ?? server.getClientCapabilities();
  const { elicitation } = declared ?? {};
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}
