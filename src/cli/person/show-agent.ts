/**
 * How the command line shows the whole status of one agent.
 * Rule: pure. Text of models, repositories and people stays within its line, or has a mark before each line.
 */
import type { AgentNow } from '../../client/agent-now.ts';
import { asLine as safe } from '../../core/text/lines.ts';
import { showDoing, showTail } from './show-doing.ts';
import { showStanding } from './show.ts';

/** Steps that a status lists. */
const STEPS_SHOWN = 12;

/** The whole status of an agent. */
export function showAgent(now: AgentNow): string {
  const { status } = now;
  const { refactor, checkpoints } = status;
  const steps = checkpoints.filter(({ what }) => what !== 'think');
  const earlier = steps.length - STEPS_SHOWN;
  const lines = [
    `${safe(status.id)}: ${safe(status.state)}, step ${status.step} of ${status.maxSteps}`,
    `task       ${safe(status.task)}${refactor ? ` of ${safe(refactor)}` : ''}`,
    `now        ${showDoing(now)}`,
    ...showTail(now, '             '),
    `isolation  ${safe(status.isolation)}${status.host === null ? '' : ` on host ${safe(status.host)}`}`,
    ...(status.head === null ? [] : [`head       ${safe(status.head)}`]),
    ...(earlier > 0 ? [`step       ${earlier} more before these: cox show has them`] : []),
    ...steps
      .slice(-STEPS_SHOWN)
      .map(({ step, head, what }) => `step       ${step} (${head.slice(0, 10)}) ${safe(what)}`),
    ...showStanding(status),
  ];
  return lines.join('\n');
}
