/**
 * How the command line shows decisions, open and closed, and the task of an agent.
 * Rule: pure. Text of a model, a repository or a person has a mark before each of its lines, or stays within its line.
 */
import type { Decision } from '../../core/decisions/control.ts';
import { asBlock, asLine as safe, asName } from '../../core/text/lines.ts';
import type { AgentQueryResults } from '../../workflows/messages.ts';
import { showTime } from './show-time.ts';

/** All decisions, the oldest first: what each is about, and what became of it. */
export function showDecisions(decisions: readonly Decision[]): string {
  if (decisions.length === 0) return 'no decision yet';
  const sorted = decisions.toSorted((a, b) => a.openedAt - b.openedAt);
  return sorted.map(showDecision).join('\n');
}

function showDecision({ id, about, digest, openedAt, closed }: Decision): string {
  const note = closed?.note ? `:\n${asBlock(closed.note, '    ')}` : '';
  const end = closed ? `${safe(closed.outcome)} by ${asName(closed.by)} at ${showTime(closed.at)}${note}` : 'open';
  return `${safe(id)}, asked at ${showTime(openedAt)}, digest ${safe(digest.slice(0, 12))}:\n${asBlock(about)}\n  ${end}`;
}

/** What an agent is to do, where, and how it is judged. */
export function showTaskOf({ task, instructions, paths, checks }: AgentQueryResults['plan']): string {
  return [
    `task    ${safe(task)}`,
    `paths   ${paths.map(safe).join(', ')}`,
    ...(checks.length > 0 ? [`checks  ${checks.map(safe).join(' · ')}`] : []),
    asBlock(instructions),
  ].join('\n');
}
