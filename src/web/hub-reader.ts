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
import { showConversation } from '../core/views/show-conversation.ts';
import type { NeedView } from '../core/views/status.ts';
import type { HubSettings } from '../git/remote/hub-store.ts';
import { renderDiff } from './diff-view.ts';
import type { Html } from './layout.ts';

/** Things that are remembered: a few pages of each open browser. */
const MAX_KNOWN = 40;

export interface HubReader {
  /** What a decision is about; undefined where it is about no files. */
  decision(run: string, need: NeedView): Promise<Html | undefined>;
  /** All that an agent has changed, and what it was told, said and ran. */
  agent(now: AgentNow): Promise<{ diff: Html; conversation: Html }>;
}

export function createHubReader(client: Client, hub: HubSettings): HubReader {
  const known = new Map<string, Promise<Html | undefined>>();
  const once = async (key: string, read: () => Promise<Html | undefined>): Promise<Html | undefined> => {
    const reading = known.get(key) ?? read();
    known.set(key, reading);
    for (const old of [...known.keys()].slice(0, -MAX_KNOWN)) known.delete(old);
    try {
      return await reading;
    } catch (error) {
      known.delete(key);
      return html`<p class="wrong">Not shown: ${asLine(error instanceof Error ? error.message : String(error))}</p>`;
    }
  };
  return {
    decision: async (run, need) =>
      await once(`decision ${run} ${need.id} ${need.digest}`, async () => {
        const changed = await findDifferenceOf(client, hub, run, need);
        return changed && renderDiff(await showDifference(changed), need.about);
      }),
    agent: async ({ status: { id, head } }) => ({
      diff:
        (await once(`diff ${id} ${head}`, async () => {
          return renderDiff(await showDifference(await findDifference(client, hub, id)));
        })) ?? html``,
      conversation:
        (await once(`conversation ${id} ${head}`, async () => {
          const store = await openRunStore(hub, (await findRun(client, id)).status);
          return html`<pre tabindex="0">${showConversation(await readConversationOf(client, store, id), 'folded')}</pre>`;
        })) ?? html``,
    }),
  };
}
