/**
 * Sends an agent's waiting report to its refactor outside the agent's loop.
 * Rule: sending takes a while, in which the loop and messages go on, so the resulting event is applied to the state of
 * that moment. Older runs apply it to the state from before the sending, which lost what happened meanwhile and ran an
 * act twice.
 */
import { patched } from '@temporalio/workflow';
import { advanceAgent } from '../core/agent/advance.ts';
import type { AgentEvent, AgentReport, AgentState } from '../core/agent/state.ts';

/** The patch since which what happens during the sending is kept. */
const READS_AFTER_TELLING = 'reads-after-telling';

/** Sends the first waiting report, if there is one. */
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
