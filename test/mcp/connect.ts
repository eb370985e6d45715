/**
 * Clients of `cox mcp`, by the official package: over the pipes of a real process, as MCP clients start it, or to a
 * server in this process.
 * Rule: the person at the client answers each form as the test says, and what they were shown is kept.
 */
import { join } from 'node:path';
import { Client, InMemoryTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { onTestFinished } from 'vitest';
import { createFactory } from '../../src/cli/mcp/create-factory.ts';
import { ShownDecisions } from '../../src/cli/mcp/tool-context.ts';
import { serveHttp } from '../../src/cli/mcp/serve-http.ts';
import { shellLine } from '../../src/core/text/shell-line.ts';
import type { Crew } from '../workflows/harness.ts';
import { ROOT } from '../workflows/harness.ts';
import { environmentOf } from '../workflows/run-cox.ts';

/** What the person replies to a form; null: their client has no forms. */
export type Replies = ((shown: string) => boolean | 'away' | Promise<boolean>) | null;
type Version = '2025' | '2026';

interface Unconnected {
  client: Client;
  /** What the person was shown, in order. */
  shown: string[];
}

export interface Connection extends Unconnected {
  /** A tool's answer as text, after `refused: ` if it is an error. */
  call: (name: string, input: Record<string, unknown>) => Promise<string>;
}

function createClient(replies: Replies, version: Version = '2026'): Unconnected {
  const shown: string[] = [];
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    {
      capabilities: replies ? { elicitation: {} } : {},
      versionNegotiation: { mode: version === '2026' ? { pin: '2026-07-28' } : 'legacy' },
    },
  );
  if (replies)
    client.setRequestHandler('elicitation/create', async ({ params: { message } }) => {
      shown.push(message);
      const reply = await replies(message);
      return reply === 'away' ? { action: 'cancel' } : { action: 'accept', content: { confirm: reply } };
    });
  return { client, shown };
}

async function connectBy(
  { client, shown }: Unconnected,
  transport: Parameters<Client['connect']>[0],
): Promise<Connection> {
  await client.connect(transport);
  onTestFinished(async () => await client.close());
  const call: Connection['call'] = async (name, input) => {
    const { content, isError } = await client.callTool({ name, arguments: input });
    const text = content.map((one) => (one.type === 'text' ? one.text : '')).join('\n');
    return isError === true ? `refused: ${text}` : text;
  };
  return { client, shown, call };
}

/** Starts `cox mcp --as helper` on a crew's stack. */
export async function startProgram(crew: Crew, replies: Replies, version?: Version): Promise<Connection> {
  const { PATH = '' } = process.env;
  const args = [join(ROOT, 'bin/cox.mjs'), 'mcp', '--as', 'helper'];
  const transport = new StdioClientTransport({ command: 'node', args, env: { ...environmentOf(crew), PATH } });
  return await connectBy(createClient(replies, version), transport);
}

function factoryOf({ client, stateDir, taskQueue }: Crew, key?: string): ReturnType<typeof createFactory> {
  return createFactory({
    client,
    hub: { hub: 'hub/{repository}.git', stateDir, remoteEnvironment: {} },
    taskQueue,
    actor: 'helper',
    user: 'carl',
    key,
    shown: new ShownDecisions(),
    describe: (command) => command,
    line: (words) => shellLine(['cox', ...words]),
  });
}

/** A client of a server in this process. */
export async function connect(crew: Crew, replies: Replies, key?: string): Promise<Connection> {
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  serveStdio(factoryOf(crew, key), { transport: theirs });
  return await connectBy(createClient(replies), ours);
}

/** The same over HTTP, with what lets clients in. */
export async function connectHttp(
  crew: Crew,
  replies: Replies,
  how: typeof fetch = fetch,
): Promise<Connection & { url: URL; token: string }> {
  const served = await serveHttp(factoryOf(crew), { port: 0, onError: () => undefined });
  onTestFinished(served.close);
  const { token } = served;
  const url = new URL(served.url);
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  const transport = new StreamableHTTPClientTransport(url, { requestInit, fetch: how });
  return { ...(await connectBy(createClient(replies), transport)), url, token };
}
