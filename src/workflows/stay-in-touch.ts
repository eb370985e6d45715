/**
 * How a refactor and its agents notice that the other one has gone: by timers, which get longer while nothing happens.
 * Rule: a wait for an agent ends even if its last report was lost, by a reset or because the agent was ended from
 * outside. An agent that its refactor does not track is found and stopped.
 */
import { CancellationScope, condition, sleep } from '@temporalio/workflow';
import type { AgentDescription } from '../core/agent/state.ts';
import type { AgentMirror } from '../core/refactor/state.ts';
import type { Activities } from './activities.ts';

/** The patch since which runs do this. */
export const KEEPS_IN_TOUCH = 'keeps-in-touch';

/** A refactor asks for silent agents soon, then ever later, at most hourly. */
const FIRST_LOOK_MS = 5_000;
const LAST_LOOK_MS = 3_600_000;
/** An agent that lost its refactor works on unsupervised for at most this long. */
const FIRST_TOUCH_MS = 30_000;
const LAST_TOUCH_MS = 600_000;

/** Asks Temporal about agents that have been silent. Runs until its workflow ends. */
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
    // A failed activity is repeated in the next turn.
    if (read() === before && ids.length > 0) tell(await control.describeAgents(ids).catch(() => []));
    delay = read() === before ? Math.min(delay * 2, LAST_LOOK_MS) : FIRST_LOOK_MS;
  }
}

/** Lets an agent report to its refactor again and again. Runs until its workflow ends. */
export async function reportRegularly(touch: () => void): Promise<never> {
  return await CancellationScope.nonCancellable(async () => {
    for (let delay = FIRST_TOUCH_MS; ; delay = Math.min(delay * 2, LAST_TOUCH_MS)) {
      await sleep(delay, { summary: 'tell the refactor' });
      touch();
    }
  });
}
