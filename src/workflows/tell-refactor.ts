/**
 * Tells a refactor what its agent has not told yet, beside the agent's loop.
 * Rule: telling takes a while, in which the loop and messages go on; what came of it is taken in by the state as it
 * stands afterwards. In runs from before that, it was taken in by the state of before, so that what happened meanwhile
 * was lost and an act was done again.
 */
import { patched } from '@temporalio/workflow';
import { advanceAgent } from '../core/agent/advance.ts';
import type { AgentEvent, AgentReport, AgentState } from '../core/agent/state.ts';

/** The patch under which what happens while a refactor is told began to stay. */
const READS_AFTER_TELLING = 'reads-after-telling';

/** Tells the first report that waits, where there is one. */
export async function tellBeside(
  read: () => AgentState,
  update: (state: AgentState) => void,
  tell: (report: AgentReport) => Promise<AgentEvent>,
  keepsWhatCame: () => boolean = () => patched(READS_AFTER_TELLING),
): Promise<void> {
  const before = read();
  const [untold] = before.outbox;
  if (!untold) return;
  const isKept = keepsWhatCame();
  const event = await tell(untold);
  update(advanceAgent(isKept ? read() : before, event));
}
