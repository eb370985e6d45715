/**
 * Looks whether the refactor that an activity is done for still lives: `temporal workflow terminate` tells its agents
 * nothing.
 * Rule: one look serves all activities of a worker for a refactor; what could not be looked up counts as alive.
 */
import type { WorkflowClient, WorkflowExecutionStatusName } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';

/** A command runs on for this long at most after its refactor was ended. */
const LOOK_EVERY_MS = 3000;
/** Refactors of which the last look is kept. */
const MAX_KEPT = 1000;
const CLOSED: readonly WorkflowExecutionStatusName[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];

const looks = new Map<string, { at: number; isClosed: Promise<boolean> }>();

/** Fires `signal` once the refactor is closed; without one, never, and then nobody needs a client. */
export function watchRefactor(
  context: { client: { workflow: WorkflowClient } },
  refactor: string | undefined,
): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  if (refactor === undefined) return { signal: controller.signal, end: () => undefined };
  const look = (): void =>
    void isClosed(context.client, refactor).then((closed) => {
      if (closed) controller.abort(new Error(`${refactor} is closed`));
    });
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}

async function isClosed({ workflow }: { workflow: WorkflowClient }, id: string): Promise<boolean> {
  const now = performance.now();
  const last = looks.get(id);
  if (last && now - last.at < LOOK_EVERY_MS) return await last.isClosed;
  const found = workflow
    .getHandle(id)
    .describe()
    .then(({ status }) => CLOSED.includes(status.name))
    .catch((error: unknown) => error instanceof WorkflowNotFoundError);
  looks.delete(id);
  looks.set(id, { at: now, isClosed: found });
  const [oldest] = looks.keys();
  if (looks.size > MAX_KEPT && oldest !== undefined) looks.delete(oldest);
  return await found;
}
