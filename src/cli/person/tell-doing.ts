/**
 * Tells, line by line, what an agent does while a command or a model call takes long.
 * Rule: quick steps say nothing here, and a long one at most every few seconds, and only what is new.
 */
import type { AgentNow } from '../../client/agent-now.ts';
import { asLine as safe, shorten } from '../../core/text/lines.ts';
import { nameOfAgent } from '../../core/views/read-status.ts';
import { showDoing } from './show-doing.ts';

/** A step that is shorter is told by its line in the log, when it has ended. */
const LONG_MS = 3000;
/** Between two lines about one activity. */
const AGAIN_MS = 5000;

/** A function that is given what an agent does at each look, and says what is worth a line. */
export function createTeller(say: (line: string) => void): (now: AgentNow) => void {
  const told = new Map<string, { startedAt: number; elapsedMs: number; last: string }>();
  return (now) => {
    const { status, activity } = now;
    const { live } = activity ?? {};
    if (!activity || !live || live.elapsedMs < LONG_MS) return;
    const last = live.tail.split('\n').at(-1) ?? '';
    const before = told.get(status.id);
    const isSame = before?.startedAt === activity.startedAt && live.elapsedMs >= before.elapsedMs;
    if (isSame && (live.elapsedMs < before.elapsedMs + AGAIN_MS || before.last === last)) return;
    told.set(status.id, { startedAt: activity.startedAt, elapsedMs: live.elapsedMs, last });
    const name = nameOfAgent(status.refactor ?? '', status.id);
    say(`  ${safe(name)} ▸ ${showDoing(now)}${last === '' ? '' : ` | ${shorten(safe(last), 100)}`}`);
  };
}
