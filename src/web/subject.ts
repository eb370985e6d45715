/**
 * What a decision is about, beside its words: of a plan its tasks, of other decisions the difference.
 * Rule: it shows what the run has and the bytes in the hub, whole, and nothing that a model says of them.
 */
import type { Client } from '@temporalio/client';
import { html } from 'hono/html';
import { queryRun } from '../client/refactors.ts';
import type { Plan } from '../core/plan.ts';
import { asLine } from '../core/text/lines.ts';
import type { NeedView } from '../core/views/status.ts';
import { refactorQueries } from '../workflows/messages.ts';
import type { HubReader } from './hub-reader.ts';
import type { Html } from './layout.ts';
import { safe } from './layout.ts';

/** What a decision is about; undefined where its words are all. */
export async function readSubject(
  client: Client,
  reader: HubReader,
  run: string,
  need: NeedView,
): Promise<Html | undefined> {
  if (need.kind !== 'plan') return await reader.decision(run, need);
  const plan = (await queryRun(client, run, refactorQueries.plan))?.plan;
  return plan && renderInstructions(plan);
}

/** What the agents of a plan will be told, and how their work is judged. */
function renderInstructions({ tasks, summary }: Plan): Html {
  return html`<div class="tasks">${tasks.map(
    ({
      id,
      title,
      instructions,
      paths,
      checks,
      maxSteps,
      dependsOn,
    }) => html`<section class="task"><h4>${asLine(id)}: ${asLine(title)}</h4>
<p class="terms">${paths.map((path) => html`<code>${asLine(path)}</code> `)} at most ${maxSteps} steps${dependsOn.length > 0 ? `, after ${dependsOn.map(asLine).join(', ')}` : ''}</p>
${checks.map((check) => html`<p class="terms">check: <code>${asLine(check)}</code></p>`)}<pre tabindex="0">${safe(instructions)}</pre></section>`,
  )}</div><p>The planner says:</p><pre tabindex="0">${safe(summary)}</pre>`;
}
