/**
 * How a refactor and its agents notice that one of them is gone: by looking now and then, more seldom the longer
 * nothing happens.
 * Rule: a wait for an agent ends even if its last report was lost, by a reset or by an end from outside; an agent that
 * nobody counts on is found and stopped.
 */
import { CancellationScope, condition, sleep } from '@temporalio/workflow';
import type { AgentDescription } from '../core/agent/state.ts';
import type { AgentMirror } from '../core/refactor/state.ts';
import type { Activities } from './activities.ts';

/** The patch under which runs began to do this. */
export const KEEPS_IN_TOUCH = 'keeps-in-touch';

/** A refactor looks soon after its agents fell silent; a silence of hours is looked at hourly. */
const FIRST_LOOK_MS = 5_000;
const LAST_LOOK_MS = 3_600_000;
/** An agent that was cut off from its refactor works on unseen for this long at most. */
const FIRST_TOUCH_MS = 30_000;
const LAST_TOUCH_MS = 600_000;

/** Looks after agents that have not been heard of. Runs until its workflow ends. */
export async function watchAgents(
  read: () => readonly AgentMirror[],
  { control }: Activities,
  tell: (agents: AgentDescription[]) => void,
): Promise<never> {
  return await CancellationScope.nonCancellable(async () => await lookAfter(read, control, tell));
}

async function lookAfter(
  read: () => readonly AgentMirror[],
  control: Activities['control'],
  tell: (agents: AgentDescription[]) => void,
): Promise<never> {
  const running = (): string[] => read().flatMap(({ id, status }) => (status === 'ended' ? [] : [id]));
  let delay = FIRST_LOOK_MS;
  for (;;) {
    await condition(() => running().length > 0);
    const before = read();
    await sleep(delay, { summary: 'look after the agents' });
    const ids = running();
    // A look that failed is made again at the next turn.
    if (read() === before && ids.length > 0) tell(await control.describeAgents(ids).catch(() => []));
    delay = read() === before ? Math.min(delay * 2, LAST_LOOK_MS) : FIRST_LOOK_MS;
  }
}

/** Lets the refactor hear of its agent. Runs until its workflow ends. */
export async function reportRegularly(touch: () => void): Promise<never> {
  return await CancellationScope.nonCancellable(async () => {
    for (let delay = FIRST_TOUCH_MS; ; delay = Math.min(delay * 2, LAST_TOUCH_MS)) {
      await sleep(delay, { summary: 'tell the refactor' });
      touch();
    }
  });
}
