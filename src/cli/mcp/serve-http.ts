/**
 * Serves MCP over streamable HTTP, to clients of this machine that have the token.
 * Rule: it listens on loopback only. A request of a web page, by another name, or without the token reaches no server.
 */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import type { McpServerFactory } from '@modelcontextprotocol/server';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { isOwnName } from '../../stack/guard-ui.ts';
import { closeWhole, listen } from '../../stack/listen.ts';
import { HOST } from '../../stack/ports.ts';
import { isSameSecret, makeToken } from '../../web/door.ts';

/** The usual port, beside that of the pages. */
const MCP_PORT = 8235;
const PATH = '/mcp';
/** Longer than any message with all its fields. */
const MAX_BODY_BYTES = 200_000;

export interface ServedHttp {
  url: string;
  token: string;
  close: () => Promise<void>;
}

export interface HttpSettings {
  port?: number | undefined;
  token?: string | undefined;
  onError: (error: Error) => void;
}

export async function serveHttp(
  factory: McpServerFactory,
  { port, token = makeToken(), onError: onerror }: HttpSettings,
): Promise<ServedHttp> {
  const handler = createMcpHandler(factory, { maxRequestBodySize: MAX_BODY_BYTES, onerror });
  const fetch = async (request: Request): Promise<Response> => {
    const refused = refuse(request, token);
    return refused ? new Response(`coxswain: ${refused.why}\n`, refused) : await handler.fetch(request);
  };
  const server = createAdaptorServer({ fetch }) as Server;
  const at = await listen(server, { host: HOST, port, usualPort: MCP_PORT });
  return {
    url: `http://${HOST}:${at}${PATH}`,
    token,
    close: async () => {
      await handler.close();
      await closeWhole(server);
    },
  };
}

interface Refused {
  status: number;
  why: string;
  headers?: Record<string, string>;
}

/** Why a request gets no answer from a tool; undefined for one of a client with the token. */
function refuse({ url, headers }: Request, token: string): Refused | undefined {
  const host = headers.get('host') ?? '';
  if (!isOwnName(host)) return { status: 403, why: `this server answers as ${HOST} or localhost only` };
  const origin = headers.get('origin');
  // Programs send no origin; a browser names the page that asks.
  if (origin !== null && origin.toLowerCase() !== `http://${host.toLowerCase()}`)
    return { status: 403, why: 'a web page sent this request: only programs with the token may' };
  const [, said = ''] = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  if (!isSameSecret(said, token)) {
    const why = 'send "Authorization: Bearer" with the token that cox mcp --http printed (COXSWAIN_MCP_TOKEN)';
    return { status: 401, why, headers: { 'WWW-Authenticate': 'Bearer' } };
  }
  return new URL(url).pathname === PATH ? undefined : { status: 404, why: `the server is at ${PATH}` };
}
