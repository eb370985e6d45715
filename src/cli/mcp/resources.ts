/**
 * What a client can read and attach without a tool: runs, plans, differences and decisions, each at its own address.
 * Rule: an id in an address is percent-encoded, since an id can contain anything. Reading changes nothing.
 */
import type { McpServer, Variables } from '@modelcontextprotocol/server';
import { ResourceTemplate } from '@modelcontextprotocol/server';
import { findDifference, showDifference } from '../../client/difference.ts';
import { readFleet } from '../../client/fleet.ts';
import { queryRun } from '../../client/refactors.ts';
import { QUERY_NOTES } from '../../core/decisions/message-notes.ts';
import { escapeForPeople, safeJson } from '../../core/text/escape.ts';
import { asLine as safe, shorten } from '../../core/text/lines.ts';
import { runQueries } from '../../workflows/messages.ts';
import type { ToolContext } from './tool-context.ts';
import { readDecision } from './look-tools.ts';

const JSON_TYPE = 'application/json';

/** The address of a resource. */
function addressOf(kind: string, ...ids: readonly string[]): string {
  return `cox://${kind}/${ids.map(encodeURIComponent).join('/')}`;
}

export function addResources(server: McpServer, context: ToolContext): void {
  const { client, hub } = context;
  const add = (
    { name, path, description, mimeType }: { name: string; path: string; description: string; mimeType: string },
    read: (ids: { run: string; decision: string }) => Promise<string>,
    list?: () => Promise<{ resources: { uri: string; name: string; description: string; mimeType: string }[] }>,
  ): void => {
    const template = new ResourceTemplate(`cox://${path}`, { list });
    server.registerResource(name, template, { description, mimeType }, async (uri, variables) => ({
      contents: [{ uri: uri.href, mimeType, text: await read(readIds(variables)) }],
    }));
  };
  add(
    { name: 'run', path: 'run/{run}', description: QUERY_NOTES.status, mimeType: JSON_TYPE },
    async ({ run }) => safeJson(await queryRun(client, run, runQueries.status), 2),
    async () => {
      const runs = await readFleet(client, {}, { which: 'open' });
      return {
        resources: runs.map(({ id, state, card }) => ({
          uri: addressOf('run', id),
          name: safe(id),
          description: `${safe(state)}: ${shorten(safe(card?.goal ?? ''), 100)}`,
          mimeType: JSON_TYPE,
        })),
      };
    },
  );
  add({ name: 'plan', path: 'plan/{run}', description: QUERY_NOTES.plan, mimeType: JSON_TYPE }, async ({ run }) =>
    safeJson(await queryRun(client, run, runQueries.plan), 2),
  );
  add(
    { name: 'diff', path: 'diff/{run}', description: context.describe('diff'), mimeType: 'text/x-diff' },
    async ({ run }) => escapeForPeople(await showDifference(await findDifference(client, hub, run))),
  );
  const description = 'an open decision whole, with what each answer does and its digest';
  add(
    { name: 'decision', path: 'decision/{run}/{decision}', description, mimeType: 'text/plain' },
    async ({ run, decision }) => await readDecision(context, run, decision),
  );
}

function readIds(variables: Variables): { run: string; decision: string } {
  const read = (name: string): string => {
    const value = variables[name];
    return typeof value === 'string' ? decodeURIComponent(value) : '';
  };
  return { run: read('run'), decision: read('decision') };
}
