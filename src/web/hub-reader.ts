/**
 * Reads from the hub what decisions and agents are about: differences and conversations.
 * Rule: each is read once for as long as it can't change. Where the hub is not on this machine, the page says so.
 */
import type { Client } from '@temporalio/client';
import { html } from 'hono/html';
import type { AgentNow } from '../client/agent-now.ts';
import { findDifference, findDifferenceOf, showDifference } from '../client/difference.ts';
import { findRun, openRunStore } from '../client/find-run.ts';
import { readConversationOf } from '../client/read-conversation.ts';
import { asLine } from '../core/text/lines.ts';
import type { ReadCheckpoint } from '../core/views/show-conversation.ts';
import { findStep, listSteps, showConversation } from '../core/views/show-conversation.ts';
import type { NeedView, RefactorStatus } from '../core/views/status.ts';
import type { HubSettings } from '../git/remote/hub-store.ts';
import { renderDiff } from './diff-view.ts';
import { listSpent } from '../core/views/spent.ts';
import { listAgentIds } from '../client/list-agents.ts';
import { overAll } from '../client/over-all.ts';
import { queryRun } from '../client/refactors.ts';
import { agentQueries } from '../workflows/messages.ts';
import { renderSpendPlot } from './plot.ts';
import { renderSteps } from './step-list.ts';
import type { Html } from './layout.ts';

/** Things that are remembered: a few pages of each open browser. */
const MAX_KNOWN = 100;

/** Agents whose conversations make the curve of a run, the newest ones. */
const MAX_AGENTS = 50;

type Told = Pick<AgentNow, 'status'>;

export interface HubReader {
  /** What a decision is about; undefined where it is about no files. */
  decision(run: string, need: NeedView): Promise<Html | undefined>;
  /** All that an agent has changed, its steps, and what it was told, said and ran. */
  agent(now: AgentNow): Promise<{ diff: Html; steps: Html; conversation: Html }>;
  /** The model calls of a run's agents, as the curve of its spend. */
  spend(status: RefactorStatus): Promise<Html>;
  /** One step of an agent, whole. */
  step(now: AgentNow, step: number): Promise<Html>;
}

export function createHubReader(client: Client, hub: HubSettings): HubReader {
  const once = createMemory();
  const conversationOf = async ({ status: { id, head } }: Told): Promise<ReadCheckpoint[]> =>
    await once(`conversation ${id} ${head}`, async () => {
      const store = await openRunStore(hub, (await findRun(client, id)).status);
      return await readConversationOf(client, store, id);
    });
  return {
    decision: async (run, need) =>
      await orSay(async () => {
        return await once(`decision ${run} ${need.id} ${need.digest}`, async () => {
          const changed = await findDifferenceOf(client, hub, run, need);
          const text = changed === undefined ? '' : await showDifference(changed);
          return text === '' ? undefined : renderDiff(text, need.about);
        });
      }),
    agent: async (now) => {
      const { id, head } = now.status;
      return {
        diff: await orSay(async () => {
          return await once(`diff ${id} ${head}`, async () => {
            const text = await showDifference(await findDifference(client, hub, id));
            return text === '' ? html`<p>Nothing yet.</p>` : renderDiff(text);
          });
        }),
        steps: await orSay(async () => renderSteps(now.status, listSteps(await conversationOf(now)))),
        conversation: await orSay(async () => {
          return html`<pre tabindex="0">${showConversation(await conversationOf(now), 'folded')}</pre>`;
        }),
      };
    },
    spend: async ({ id, spend: { modelCalls } }) =>
      await orSay(async () => {
        return await once(`spend ${id} ${modelCalls}`, async () => {
          const agents = (await listAgentIds(client, id)).slice(-MAX_AGENTS);
          const spent = await overAll(agents, async (agent) => {
            const status = await queryRun(client, agent, agentQueries.status);
            // One that has just begun has no conversation yet.
            return listSpent(await conversationOf({ status }).catch(() => []));
          });
          return renderSpendPlot(
            spent.flat(),
            'Model calls of its agents that ended. Calls of reviewers, calls that were cut short and steps that were taken back are not in the curve.',
          );
        });
      }),
    step: async (now, step) =>
      await orSay(async () => {
        const found = findStep(await conversationOf(now), step);
        return html`<pre tabindex="0">${showConversation(found, 'whole')}</pre>`;
      }),
  };
}

/** Reads what has a key once, while it is remembered. */
function createMemory(): <T>(key: string, read: () => Promise<T>) => Promise<T> {
  const known = new Map<string, Promise<unknown>>();
  return async <T>(key: string, read: () => Promise<T>): Promise<T> => {
    const reading = known.get(key) ?? read();
    known.set(key, reading);
    for (const old of [...known.keys()].slice(0, -MAX_KNOWN)) known.delete(old);
    // What could not be read may be there at the next look.
    reading.catch(() => known.delete(key));
    return (await reading) as T;
  };
}

/** What was read, or why it could not be. */
async function orSay<T>(read: () => Promise<T>): Promise<T | Html> {
  try {
    return await read();
  } catch (error) {
    return html`<p class="wrong">Not shown: ${asLine(error instanceof Error ? error.message : String(error))}</p>`;
  }
}
