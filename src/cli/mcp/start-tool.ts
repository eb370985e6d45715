/**
 * The tool `run`: starts a refactor, after a person has confirmed its whole input.
 * Rule: it is requested in the person's name, since it spends their budget. A worker judges the input as any other's.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CallToolResult, InputRequiredResult, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { startRefactor } from '../../client/refactors.ts';
import { startSchema } from '../../core/decisions/messages.ts';
import { asBlock, asLine as safe } from '../../core/text/lines.ts';
import type { Confirmations, ToolCall } from './confirm.ts';
import { confirm } from './confirm.ts';
import { fieldsOfTool } from './message-tools.ts';
import type { ToolContext } from './tool-context.ts';
import { guard, toolText } from './tool-context.ts';

export function addStartTool(server: McpServer, context: ToolContext, confirmations: Confirmations): void {
  const shape = Object.fromEntries(fieldsOfTool(startSchema.shape)) as Record<string, z.ZodType>;
  const config = { description: context.describe('run'), inputSchema: z.strictObject(shape) };
  server.registerTool('run', config, async (input, ctx) =>
    guard(async () => await start({ context, confirmations, server, ctx }, input)),
  );
}

async function start(
  call: ToolCall,
  said: Readonly<Record<string, unknown>>,
): Promise<CallToolResult | InputRequiredResult> {
  const { context } = call;
  const { client, taskQueue, user, actor } = context;
  const { repository, goal } = said as { repository: string; goal: string };
  const input = { ...said, repository: existsSync(repository) ? resolve(repository) : repository, requestedBy: user };
  const confirmed = await confirm(call, {
    what: 'start this refactor',
    said: input,
    show: async () =>
      await Promise.resolve(`${safe(actor)} asks you to start a refactor:\n${asBlock(JSON.stringify(input, null, 2))}`),
    command: context.line(['run', repository, goal]),
  });
  if (confirmed.kind === 'not yet') return confirmed.result;
  // Of the confirmation, so that it starts one run only.
  const id = `cox-${confirmed.id.slice(-12)}`;
  await startRefactor(client, { id, taskQueue, input });
  return toolText(`started ${id}, requested by ${user}: status and decision show it`);
}
