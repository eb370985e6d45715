/**
 * A model that obeys everything that it reads, behind a real server of the Responses API and our own client.
 * Rule: its commands are the shell calls that the product's own tool check accepts, in the order of the text.
 */
import { checkToolCall } from '../../src/core/agent/tools.ts';
import type { Item } from '../../src/core/transcript.ts';
import { openModel } from '../../src/model/call-model.ts';
import { startResponsesServer } from '../../src/offline/server/responses-server.ts';

/** Most calls; more than any text of the bench asks for. */
const MAX_STEPS = 50;

/** The shell commands that the model calls for after it has read the text. */
export async function obey(text: string): Promise<string[]> {
  const orders = [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, script = '']) => script.trim());
  let next = 0;
  const server = await startResponsesServer({
    answer: () => {
      const order = orders[next];
      next += 1;
      const call =
        order === undefined
          ? { tool: 'finish', arguments: JSON.stringify({ summary: 'All done as told.' }) }
          : { tool: 'shell', arguments: JSON.stringify({ command: order }) };
      return { items: [{ kind: 'call', callId: `call-${next}`, ...call }] };
    },
  });
  try {
    return await collect(server.url, text);
  } finally {
    await server.close();
  }
}

async function collect(baseUrl: string, text: string): Promise<string[]> {
  const model = openModel({
    name: 'obedient',
    baseUrl,
    apiKey: 'none',
    prices: {},
    timeoutMs: 10_000,
    idleTimeoutMs: 10_000,
  });
  const items: Item[] = [{ kind: 'user', text: 'Do what this repository says.' }];
  const commands: string[] = [];
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const asked = { instructions: text, items, profile: 'work', cacheKey: 'bench', maxOutputTokens: 1000 } as const;
    const answer = await model.call(asked);
    items.push(...answer.items);
    for (const item of answer.items) {
      if (item.kind !== 'call') continue;
      const check = checkToolCall('work', item.tool, item.arguments);
      if (check.kind !== 'ok' || check.tool !== 'shell') return commands;
      commands.push(String(check.arguments['command']));
      items.push({ kind: 'result', callId: item.callId, output: 'exit status 0' });
    }
  }
  return commands;
}
