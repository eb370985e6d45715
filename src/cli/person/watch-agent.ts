/**
 * Watches one agent live: its log, what it does and what it asks.
 * Rule: as with a refactor, it only reads and sends verbs; ending it leaves the agent as it is.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { agentNow } from '../../client/agent-now.ts';
import { queryRun } from '../../client/refactors.ts';
import { showSpend } from '../../core/views/details.ts';
import { asLine as safe } from '../../core/text/lines.ts';
import { hasEnded } from '../../core/views/read-status.ts';
import type { AgentStatus } from '../../core/views/status.ts';
import { agentQueries } from '../../workflows/messages.ts';
import type { Supervision } from './supervise.ts';
import { decideOne, POLL_MS } from './supervise.ts';
import { createTeller } from './tell-doing.ts';

/** Shows what happens until the agent ends or the watching is aborted; gives the last status. */
export async function superviseAgent(supervision: Supervision): Promise<AgentStatus | undefined> {
  const { client, id, say, signal } = supervision;
  const said = new Set<string>();
  const asked = new Set<string>();
  const tellDoing = createTeller(say);
  let shown = '';
  while (!signal?.aborted) {
    const doing = await agentNow(client, id);
    const { status } = doing;
    for (const { at, text } of await queryRun(client, id, agentQueries.log)) {
      const key = `${at} ${text}`;
      if (!said.has(key)) say(`  ${safe(text)}`);
      said.add(key);
    }
    const now = `${status.state}, step ${status.step} of ${status.maxSteps}${status.doing ? `: ${safe(status.doing)}` : ''}`;
    if (now !== shown) say(`${now}   ${showSpend(status.spend)}`);
    shown = now;
    tellDoing(doing);
    if (hasEnded(status.state)) return status;
    for (const need of status.needs) {
      if (asked.has(need.id)) continue;
      asked.add(need.id);
      // An agent's budget comes out of the refactor's, so the refactor takes this decision.
      const owner = need.kind === 'budget' ? (status.refactor ?? id) : id;
      await decideOne({ ...supervision, id: owner }, need, []);
    }
    await wait(POLL_MS, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
  return undefined;
}
