/**
 * The steps of an agent as a list: command, result and files.
 * Rule: it only links to the pages of the steps. Words of models and names of files stay within their cells.
 */
import { html } from 'hono/html';
import { asLine, clipText } from '../core/text/lines.ts';
import type { StepRow } from '../core/views/show-conversation.ts';
import type { AgentStatus } from '../core/views/status.ts';
import { addressOf } from './address.ts';
import type { Html } from './layout.ts';

/** Files of a step that its row names, and characters of its command. */
const MAX_FILES = 4;
const MAX_COMMAND = 200;

/** The steps as a table, the newest first. */
export function renderSteps({ id }: AgentStatus, steps: readonly StepRow[]): Html {
  const rows = steps.toReversed().map(({ step, does, ended, changed }) => {
    const more = changed.length > MAX_FILES ? `, ${changed.length - MAX_FILES} more` : '';
    return html`<tr><th scope="row"><a data-row href="${addressOf('step', id, { step: String(step) })}">step ${step}</a>
<code class="run-goal">${asLine(clipText(does, MAX_COMMAND))}</code></th><td data-label="Result">${asLine(ended)}</td>
<td data-label="Files">${asLine(changed.slice(0, MAX_FILES).join(', '))}${more}</td></tr>`;
  });
  return html`<table><thead><tr><th scope="col">Step and command</th><th scope="col">Result</th><th scope="col">Files</th></tr></thead>
<tbody>${rows}</tbody></table>`;
}
